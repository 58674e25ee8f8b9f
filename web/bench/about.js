// @ts-check
// The worker's own view: what is known of me, by which rule, who sees it, and how I stop it.

import { say } from "./about-words.js";

/**
 * @typedef {import("../core/protocol.js").AboutInput["asked"]} Asked
 * @typedef {import("../core/protocol.js").AboutMe} AboutMe
 * @typedef {import("../core/protocol.js").Known} Known
 * @typedef {import("../core/protocol.js").Use} Use
 * @typedef {import("./about-words.js").Word} Word
 */

/** Mouths of the three faces, as paths in a box of 24. */
const MOUTHS = { good: "M7 14.5q5 4.5 10 0", so_so: "M7.5 16h9", not_good: "M7 17q5-4.5 10 0" };
/** A second press of "erase" counts for so long, ms. */
const SURE = 6000;
const SVG = "http://www.w3.org/2000/svg";

/** @param {string} mouth */
function face(mouth) {
  const drawn = document.createElementNS(SVG, "svg");
  drawn.setAttribute("viewBox", "0 0 24 24");
  drawn.setAttribute("aria-hidden", "true");
  for (const d of ["M12 2a10 10 0 1 0 .01 0Z", "M8.5 9.5v.6", "M15.5 9.5v.6", mouth]) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", d);
    drawn.append(path);
  }
  return drawn;
}

export class About {
  /**
   * @param {(id: string) => HTMLElement} element
   * @param {(asked: Asked, about?: string, value?: string) => boolean} ask
   */
  constructor(element, ask) {
    this.element = element;
    this.ask = ask;
    this.language = "en";
    /** @type {AboutMe | null} */
    this.known = null;
    this.drawn = "";
    this.erasing = -Infinity;
    const dialog = /** @type {HTMLDialogElement} */ (element("about"));
    element("about-open").addEventListener("click", () => {
      this.write("about-answer", "");
      dialog.showModal();
    });
    element("about-show").addEventListener("click", () => {
      if (ask("show")) this.write("about-answer", this.t("shown"));
    });
    element("about-remember").addEventListener("click", () => ask("remember"));
    element("about-erase").addEventListener("click", (event) => this.erase(event.timeStamp));
  }

  /** @param {Word} word @param {Record<string, string | number>} [values] */
  t(word, values) {
    return say(this.language, word, values);
  }

  /** @param {string} id @param {string} text */
  write(id, text) {
    const target = this.element(id);
    if (target.textContent !== text) target.textContent = text;
  }

  /** @param {string} language */
  speak(language) {
    this.language = language;
    this.drawn = "";
    for (const id of /** @type {const} */ (["open", "show", "take", "erase", "remember", "nameless", "close"])) this.write(`about-${id}`, this.t(id));
    this.write("about-name", this.t("title"));
    this.write("about-how", this.t("how"));
    this.element("about-faces").replaceChildren(
      ...Object.entries(MOUTHS).map(([name, mouth]) => {
        const word = /** @type {Word} */ (name);
        const button = this.button(this.t(word), () => {
          if (this.ask("say", "", name)) this.write("about-answer", this.t("said", { face: this.t(word) }));
        });
        button.prepend(face(mouth));
        return button;
      }),
    );
    if (this.known) this.show(this.known);
  }

  /** @param {boolean} live the bench is heard */
  live(live) {
    for (const button of document.querySelectorAll("#about button, #about input, #offer button")) {
      if (button.id !== "about-close") /** @type {HTMLButtonElement} */ (button).disabled = !live;
    }
  }

  /** @param {AboutMe} known */
  show(known) {
    this.known = known;
    this.element("about-open").hidden = false;
    this.write("about-who", known.heard ? this.t("onlyMe", { person: known.person }) : this.t("notHeard"));
    const shown = JSON.stringify([known, this.language]);
    if (shown === this.drawn) return;
    this.drawn = shown;
    this.element("about-forgotten").hidden = !known.forgotten;
    this.facts(known);
    this.element("about-rules").replaceChildren(...known.rules_off.map((rule) => {
      const item = document.createElement("li");
      const words = this.t("ruleOff", { rule: rule.replaceAll("_", " ") });
      item.append(words, " ", this.button(this.t("ruleOn"), () => this.ask("rule", rule, "on")));
      return item;
    }));
    this.write("about-advised", known.advised ? this.t("advised", { given: known.advised, refused: known.refused }) : "");
    this.offer(known);
  }

  /** Keep the rows, and with them the keyboard's place, while only figures change. @param {AboutMe} known */
  facts(known) {
    const list = this.element("about-facts");
    if (list.children.length !== known.facts.length || list.lang !== this.language) {
      list.lang = this.language;
      list.replaceChildren(...known.facts.map((fact) => this.row(fact)));
    }
    known.facts.forEach((fact, i) => {
      const row = /** @type {HTMLElement} */ (list.children[i]);
      this.fill(row, ".value", this.value(fact));
      this.fill(row, ".usual", fact.usual === null || fact.value === null || fact.name === "pace" ? "" : this.t("usual", { usual: this.figure(fact, fact.usual) }));
      this.fill(row, ".rules", fact.uses.filter((use) => use.on).map((use) => this.rule(fact, use)).join(" ") || this.t("noRule"));
      const [on, shared] = row.querySelectorAll("input");
      if (on) on.checked = fact.on;
      if (shared) {
        shared.checked = fact.shared;
        shared.disabled = !fact.on;
      }
    });
  }

  /** @param {HTMLElement} row @param {string} part @param {string} text */
  fill(row, part, text) {
    const target = row.querySelector(part);
    if (target && target.textContent !== text) target.textContent = text;
  }

  /** @param {Known} fact */
  row(fact) {
    const row = document.createElement("li");
    const name = document.createElement("h3");
    name.textContent = this.t(/** @type {Word} */ (fact.name));
    row.append(name);
    for (const part of ["value", "usual", "signal", "rules"]) {
      const line = document.createElement(part === "value" ? "strong" : "span");
      line.className = part;
      row.append(line);
    }
    this.fill(row, ".signal", this.t(fact.signal === "said" ? "said_signal" : fact.signal));
    for (const asked of /** @type {const} */ (["switch", "share"])) {
      const label = document.createElement("label");
      const box = document.createElement("input");
      box.type = "checkbox";
      box.name = `${asked}-${fact.name}`;
      box.addEventListener("change", () => this.ask(asked, fact.name, box.checked ? "on" : "off"));
      label.append(box, this.t(asked === "switch" ? "on" : "shared"));
      row.append(label);
    }
    return row;
  }

  /** @param {Known} fact */
  value(fact) {
    if (!fact.on) return this.t("off");
    return fact.value === null ? this.t("unknown") : this.figure(fact, fact.value);
  }

  /** A number of a fact, as it is said. @param {Known} fact @param {number} value */
  figure(fact, value) {
    /** @param {number} number @param {number} digits */
    const shown = (number, digits) => number.toLocaleString(this.language, { maximumFractionDigits: digits });
    if (fact.name === "pace") return this.t("times", { value: shown(value, 1) });
    if (fact.name === "reach") return this.t("percent", { value: shown(100 * value, 0) });
    if (fact.name === "error_streak") return shown(value, 1);
    if (value >= 120) return this.t("minutes", { value: shown(value / 60, 0) });
    return this.t("seconds", { value: shown(value, 0) });
  }

  /** @param {Known} fact @param {Use} use */
  rule(fact, use) {
    const advice = this.t(use.advice);
    if (use.times_usual) return this.t("ruleUsual", { above: use.above.toLocaleString(this.language), advice });
    return this.t(use.alone ? "ruleAbove" : "ruleWith", { above: this.figure(fact, use.above), advice });
  }

  /** @param {AboutMe} known */
  offer(known) {
    const offer = known.offer;
    const shown = this.element("offer");
    shown.hidden = offer === null;
    if (!offer) {
      shown.dataset["rule"] = "";
      return;
    }
    this.write("offer-words", offer.words);
    this.write("offer-because", this.t("because", {
      facts: offer.because.map((name) => this.t(/** @type {Word} */ (name)).toLowerCase()).join(", ") || this.t("said_signal"),
    }));
    if (shown.dataset["rule"] === offer.rule + this.language) return;
    shown.dataset["rule"] = offer.rule + this.language;
    this.element("offer-answers").replaceChildren(
      this.button(this.t("yes"), () => this.ask("answer", "", "yes")),
      this.button(this.t("notNow"), () => this.ask("answer", "", "not_now")),
      this.button(this.t("never"), () => this.ask("answer", "", "never")),
    );
  }

  /** @param {number} now ms */
  erase(now) {
    if (now - this.erasing > SURE) {
      this.erasing = now;
      this.write("about-erase", this.t("sure"));
      setTimeout(() => this.write("about-erase", this.t("erase")), SURE);
      return;
    }
    this.erasing = -Infinity;
    this.write("about-erase", this.t("erase"));
    if (this.ask("erase")) this.write("about-answer", this.t("erased"));
  }

  /** @param {string} words @param {() => void} pressed */
  button(words, pressed) {
    const made = document.createElement("button");
    made.type = "button";
    made.append(words);
    made.addEventListener("click", pressed);
    return made;
  }
}
