// @ts-check
// The questions of a study on the panel in the headset: the same items as on the page, and the same store.

import { after, ask, first, fresh, text } from "../questions/flow.js";
import { say } from "../questions/words.js";

/**
 * @typedef {import("../questions/messages.js").Sheet} Sheet
 * @typedef {import("../questions/flow.js").Screen} Screen
 * @typedef {import("./screen.js").Option} Option
 */

export class Asking {
  /** @param {string} language @param {() => void} changed */
  constructor(language, changed) {
    this.language = language;
    this.changed = changed;
    /** @type {Sheet | null} */
    this.sheet = null;
    /** @type {Screen} */
    this.screen = { kind: "done" };
    /** @type {Set<string>} */
    this.asked = new Set();
    this.told = "";
    this.busy = false;
  }

  /** @param {import("../questions/words.js").Word} word @param {Record<string, string | number>} [values] */
  t(word, values) {
    return say(this.language, word, values);
  }

  begin() {
    return this.send("sheet", undefined, (sheet) => first(sheet, this.asked));
  }

  /** @param {string} what @param {object | undefined} message @param {(sheet: Sheet) => Screen} next */
  async send(what, message, next) {
    if (this.busy) return;
    this.busy = true;
    try {
      this.sheet = await ask(what, message, () => this.t("away"));
      [this.screen, this.told] = [next(this.sheet), ""];
    } catch (error) {
      this.told = this.t(message ? "notKept" : "wrong", { why: /** @type {Error} */ (error).message });
    }
    this.busy = false;
    this.changed();
  }

  /** @param {Screen} screen */
  go(screen) {
    this.screen = screen;
    this.changed();
  }

  /** Words and buttons of now. @returns {{title: string, lines: string[], options: Option[]}} */
  show() {
    const now = this.screen;
    const told = this.told ? [this.told] : [];
    /** @param {string} id @param {string} label @param {() => void} act @param {Partial<Option>} [more] @returns {Option} */
    const option = (id, label, act, more) => ({ id, label, act, ...more });
    if (now.kind === "consent") {
      const decide = (/** @type {boolean} */ granted) => {
        const { purpose } = now.consent;
        this.asked.add(purpose);
        void this.send("decision", { type: "decision", purpose, granted }, (sheet) => first(sheet, this.asked));
      };
      return {
        title: text(now.consent.words, this.language), lines: [...told, this.t("holds")],
        options: [option("yes", this.t("yes"), () => decide(true)), option("no", this.t("no"), () => decide(false))],
      };
    }
    if (now.kind === "intro") {
      const form = now.form;
      return {
        title: text(form.title, this.language), lines: [...told, text(form.intro, this.language)],
        options: [option("start", this.t("start"), () => this.go(this.left(form)), { main: true })],
      };
    }
    if (now.kind === "question") return this.question(now.form, now.number, told);
    if (now.kind === "review") {
      const { instrument } = now.form;
      const send = () => void this.send("finished", { type: "finished", instrument }, (sheet) => first(sheet, this.asked));
      return { title: this.t("done"), lines: told, options: [option("hand-in", this.t("handIn"), send, { main: true })] };
    }
    return { title: this.t(now.kind === "refused" ? "nothing" : "thanks"), lines: told, options: [] };
  }

  /** The first question that is not answered. @param {import("../questions/messages.js").FormSheet} form @returns {Screen} */
  left(form) {
    const number = fresh(/** @type {Sheet} */ (this.sheet), form).questions.findIndex((q) => !q.answered);
    return number < 0 ? { kind: "review", form } : { kind: "question", form, number };
  }

  /** @param {import("../questions/messages.js").FormSheet} form @param {number} number @param {string[]} told */
  question(form, number, told) {
    const question = fresh(/** @type {Sheet} */ (this.sheet), form).questions[number];
    const answer = (/** @type {number | null} */ value) => {
      const message = { type: "answer", instrument: form.instrument, item: question?.item, language: this.language, value, text: "" };
      void this.send("answer", message, () => after(form, number));
    };
    const many = (question?.choices.length ?? 0) > 7;
    /** @type {Option[]} */
    const options = (question?.choices ?? []).map(({ value, words }) => ({
      id: `value-${value}`, label: many ? String(value) : text(words, this.language) || String(value), act: () => answer(value),
      many, pressed: question?.value === value,
    }));
    const ends = many ? (question?.choices ?? []).filter((c) => c.words.length).map((c) => `${c.value}: ${text(c.words, this.language)}`) : [];
    // What is answered in words is asked again on the page: there is nothing to write with in here.
    options.push({ id: "skip", label: this.t("skip"), act: () => (question?.choices.length ? answer(null) : this.go(after(form, number))) });
    return {
      title: text(question?.words ?? [], this.language),
      lines: [...told, this.t("place", { number: number + 1, of: form.questions.length }), ...ends], options,
    };
  }
}
