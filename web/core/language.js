// @ts-check
// The language of pages for coaches and integrators: the browser's, where they speak it.

/** English unless the browser asks for Dutch first. */
export const language = navigator.languages.map((l) => l.slice(0, 2)).find((l) => ["en", "nl"].includes(l)) ?? "en";

/**
 * What says a page's words in the reader's language.
 * @template {Record<string, string>} W
 * @param {W} english
 * @param {Record<string, W>} others by language
 * @returns {(word: keyof W, values?: Record<string, string | number>) => string} `values` for the {fields} in it
 */
export function speaker(english, others) {
  const spoken = others[language] ?? english;
  return (word, values = {}) => (spoken[word] ?? "").replace(/\{(\w+)\}/g, (field, name) => String(values[name] ?? field));
}
