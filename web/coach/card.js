// @ts-check
// One cell on the coach's page. A card stays the same element while its figures change: the keyboard keeps its place.

import { spoken, t, time } from "./words.js";

/**
 * @typedef {import("./messages.js").CellView} CellView
 * @typedef {import("./messages.js").CoachInput} CoachInput
 * @typedef {import("./messages.js").SharedFact} SharedFact
 * @typedef {import("./words.js").Word} Word
 */

/** A second press this soon is a slip of the hand, ms. */
const SLIP = 600;

/** A number of a fact, as it is said. @param {SharedFact} fact @param {number} value */
function figure(fact, value) {
  /** @param {number} number @param {number} digits */
  const shown = (number, digits) => number.toLocaleString(document.documentElement.lang, { maximumFractionDigits: digits });
  if (fact.name === "pace") return t("times", { value: shown(value, 1) });
  if (fact.name === "reach") return t("percent", { value: shown(100 * value, 0) });
  if (fact.name === "error_streak") return shown(value, 1);
  if (value >= 120) return t("minutes", { value: shown(value / 60, 0) });
  return t("seconds", { value: shown(value, 0) });
}

export class Card {
  /** @param {CellView} view @param {(asked: CoachInput["asked"]) => void} ask */
  constructor(view, ask) {
    this.element = document.createElement("li");
    this.element.className = "card cell";
    this.element.id = `cell${view.id.replaceAll("/", "-")}`;
    this.element.innerHTML = `
      <h2></h2>
      <ul class="facts"><li class="simulated badge" hidden></li><li class="paused badge calm" hidden></li></ul>
      <p class="quiet notice" hidden></p>
      <p class="call notice" hidden></p>
      <p class="light notice" hidden></p>
      <p class="task"></p>
      <progress max="1"></progress>
      <p class="work"></p>
      <p class="open"></p>
      <p class="coached soft"></p>
      <div class="shared" hidden><h3></h3><ul></ul></div>
      <div class="actions" role="group"></div>`;
    this.part(".actions").setAttribute("aria-label", view.name.replaceAll("_", " "));
    /** @type {Record<"work" | "next" | "help" | "stop", HTMLButtonElement>} */
    this.buttons = { work: this.button(ask), next: this.button(ask), help: this.button(ask), stop: this.button(ask) };
    this.part(".actions").append(...Object.values(this.buttons));
  }

  /** @param {string} selector */
  part(selector) {
    const found = this.element.querySelector(selector);
    if (!(found instanceof HTMLElement)) throw new Error(`no '${selector}' in a card`);
    return found;
  }

  /** Hidden while there is nothing to say. @param {string} selector @param {string} text */
  write(selector, text) {
    const target = this.part(selector);
    if (target.textContent !== text) target.textContent = text;
    target.hidden = !text;
  }

  /** @param {(asked: CoachInput["asked"]) => void} ask */
  button(ask) {
    const made = document.createElement("button");
    made.type = "button";
    let pressed = -SLIP;
    made.addEventListener("click", (event) => {
      if (event.timeStamp - pressed < SLIP) return;
      pressed = event.timeStamp;
      ask(/** @type {CoachInput["asked"]} */ (made.value));
    });
    made.addEventListener("keydown", (event) => {
      if (event.repeat) event.preventDefault(); // a key held down is one press
    });
    return made;
  }

  /** @param {HTMLButtonElement} button @param {CoachInput["asked"]} asked @param {Word} word @param {boolean} can */
  offer(button, asked, word, can) {
    button.value = asked;
    if (button.textContent !== t(word)) button.textContent = t(word);
    button.disabled = !can;
  }

  /** @param {CellView} view @param {boolean} live */
  show(view, live) {
    const resting = view.phase === "ready" || view.phase === "done";
    const can = live && !view.silent;
    this.element.classList.toggle("calls", view.help_seconds !== null);
    this.element.classList.toggle("old", view.silent);
    this.write("h2", `${view.name.replaceAll("_", " ")} · ${view.id.replace(/^\//, "")}`);
    this.write(".simulated", view.simulated ? t("simulated") : "");
    this.write(".paused", view.paused ? t("paused") : "");
    this.write(".quiet", view.silent ? t("quiet") : "");
    const who = view.person ? ` · ${t("who", { person: view.person })}` : "";
    this.write(".call", view.help_seconds === null ? "" : t("helpSince", { time: time(view.help_seconds) }) + who);
    const light = view.light === "moved" ? "lightMoved" : view.light === "unseen" ? "lightUnseen" : "lightUnchecked";
    const wrong = view.light !== null && view.light !== "good";
    this.write(".light", wrong ? t(light, { mm: Math.round(view.light_off_mm ?? 0) }) : "");
    this.write(".task", spoken(view.title));
    const progress = /** @type {HTMLProgressElement} */ (this.part("progress"));
    progress.value = view.steps ? view.step / view.steps : 0;
    const work = view.phase === "ready" ? t("ready") : view.phase === "done" ? t("full") : t("steps", { step: view.step, steps: view.steps });
    progress.setAttribute("aria-label", work);
    this.write(".work", view.job ? `${t("job", { job: view.job })} · ${work}` : work);
    this.write(".open", view.problems ? t("open", { count: view.problems }) : t("nothingOpen"));
    this.write(".coached", t("coached", { time: time(view.coached_seconds) }));
    this.shared(view);
    this.offer(this.buttons.work, view.paused ? "resume" : "pause", view.paused ? "resume" : "pause", can);
    this.offer(this.buttons.next, "next", "next", can && resting && !view.paused);
    this.offer(this.buttons.help, view.help_seconds === null ? "help" : "help_done", view.help_seconds === null ? "help" : "helpDone", can);
    this.offer(this.buttons.stop, "stop_robot", "stop", can);
    this.buttons.stop.hidden = !view.cobot;
  }

  /** @param {CellView} view */
  shared(view) {
    const shares = view.facts.length > 0;
    this.part(".shared").hidden = !shares;
    this.write(".shared h3", shares ? t("shares", { person: view.person }) : "");
    this.part(".shared ul").replaceChildren(...view.facts.map((fact) => {
      const item = document.createElement("li");
      const value = fact.value === null ? t("unknown") : figure(fact, fact.value);
      const usual = fact.usual === null || fact.value === null || fact.name === "pace" ? "" : ` (${t("usual", { usual: figure(fact, fact.usual) })})`;
      item.textContent = `${t(/** @type {Word} */ (fact.name))}: ${value}${usual}`;
      return item;
    }));
  }
}
