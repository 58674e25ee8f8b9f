// @ts-check
// What every page does with its elements.

/** @param {string} id @returns {any} */
export function element(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`no element '${id}' in the page`);
  return found;
}

/**
 * Write only what changed: a live region that is written again is spoken again.
 * @param {string | Element} where the element, or its id
 * @param {string} text
 */
export function write(where, text) {
  const target = typeof where === "string" ? element(where) : where;
  if (target.textContent !== text) target.textContent = text;
}
