// @ts-check
// Which question comes next, and how an answer gets to the server: for the page, and for the panel in the headset.

/**
 * @typedef {import("./messages.js").Sheet} Sheet
 * @typedef {import("./messages.js").ConsentSheet} ConsentSheet
 * @typedef {import("./messages.js").FormSheet} FormSheet
 *
 * @typedef {{kind: "consent", consent: ConsentSheet} | {kind: "refused"} | {kind: "intro", form: FormSheet}
 *   | {kind: "question", form: FormSheet, number: number} | {kind: "review", form: FormSheet} | {kind: "done"}} Screen
 */

/**
 * The screen that comes first, of all that is still to be asked.
 * @param {Sheet} sheet @param {ReadonlySet<string>} asked purposes asked on this visit: nobody is asked twice @returns {Screen}
 */
export function first(sheet, asked) {
  for (const consent of sheet.consents) {
    if (consent.decided || asked.has(consent.purpose)) continue;
    // Who refused research before is not asked again; without a yes to answers there is nothing else to ask.
    if (consent.purpose === "answers" || consent.decided === null) return { kind: "consent", consent };
  }
  if (!sheet.consents.some((c) => c.purpose === "answers" && c.decided)) return { kind: "refused" };
  const form = sheet.forms.find((f) => !f.finished);
  return form ? { kind: "intro", form } : { kind: "done" };
}

/** The screen after question `number` of `form`. @param {FormSheet} form @param {number} number @returns {Screen} */
export function after(form, number) {
  return number + 1 < form.questions.length ? { kind: "question", form, number: number + 1 } : { kind: "review", form };
}

/** `form` as it is kept now. @param {Sheet} sheet @param {FormSheet} form */
export const fresh = (sheet, form) => sheet.forms.find((f) => f.instrument === form.instrument) ?? form;

/** A text in `language`. @param {readonly import("./messages.js").Words[]} words @param {string} language */
export function text(words, language) {
  return (words.find((w) => w.language === language) ?? words[0])?.text ?? "";
}

/**
 * Ask the server; what went wrong is thrown in words.
 * @param {string} what @param {object | undefined} message @param {() => string} away what to say where there is no server
 * @returns {Promise<Sheet>}
 */
export async function ask(what, message, away) {
  let answer;
  try {
    answer = await fetch(`/questions/${what}`, message ? { method: "POST", body: JSON.stringify(message) } : {});
  } catch {
    throw new Error(away());
  }
  if (!answer.ok) throw new Error((await answer.text()).trim());
  return answer.json();
}
