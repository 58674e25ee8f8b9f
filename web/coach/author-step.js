// @ts-check
// One step of the draft. A card stays the same element while the step changes: the keyboard keeps its place.

import { noted, plain, t } from "./author-words.js";
import { spoken } from "./words.js";

/**
 * @typedef {import("./author-messages.js").AuthorState} State
 * @typedef {import("./author-messages.js").AuthorStep} Step
 * @typedef {import("./author-messages.js").AuthorWish} Wish
 * @typedef {import("./author-words.js").AuthorWord} AuthorWord
 */

/** What is asked of the server; what is left out is as the server has it. @typedef {Partial<Wish> & {asked: Wish["asked"]}} Ask */

/** @param {ReadonlyArray<{language: string, text: string}>} words @param {string} language */
export function inLanguage(words, language) {
  return words.find((w) => w.language === language)?.text ?? "";
}

/** Options of a select, made once. @param {HTMLSelectElement} select @param {ReadonlyArray<readonly [string, string]>} options */
export function fill(select, options) {
  if (select.options.length === options.length) return;
  select.replaceChildren(...options.map(([value, text]) => new Option(text, value)));
}

/** A list of texts. @param {Element} list @param {ReadonlyArray<{text: string, kind: string}>} items */
export function listed(list, items) {
  const now = JSON.stringify(items);
  if (list.getAttribute("data-shown") === now) return;
  list.setAttribute("data-shown", now);
  list.replaceChildren(...items.map(({ text, kind }) => {
    const item = document.createElement("li");
    item.className = kind;
    item.textContent = text;
    return item;
  }));
}

/** Whether somebody has to answer or write something before it is whole. @param {Step} step */
export function asks(step) {
  return step.check ? step.take.length === 0 : step.doubts.length > 0 || !step.part || !step.slot;
}

export class StepCard {
  /** @param {Step} step @param {(ask: Ask) => Promise<void>} ask @param {(step: Step) => void} look */
  constructor(step, ask, look) {
    this.step = step;
    this.index = 0;
    this.of = 0;
    this.language = "";
    this.ask = ask;
    const id = `step-${step.key}`;
    this.element = document.createElement("li");
    this.element.className = "card step";
    this.element.id = id;
    this.element.innerHTML = `
      <div class="row">
        <h3><span class="what"></span> <span class="to"></span> <small class="marks soft"></small></h3>
        <img alt="" hidden>
        <button type="button" class="up"></button><button type="button" class="down"></button>
        <button type="button" class="look"></button>
        <button type="button" class="edit" aria-expanded="false" aria-controls="${id}-change"></button>
      </div>
      <div class="answers notice" hidden><ul class="doubts"></ul><button type="button" class="right"></button></div>
      <ul class="findings notes" lang="en"></ul>
      <div class="change" id="${id}-change" hidden>
        <p class="field taking"><label for="${id}-part"></label><select id="${id}-part" class="part"></select></p>
        <p class="field"><label for="${id}-slot"></label><select id="${id}-slot" class="slot"></select></p>
        <p class="field taking"><label for="${id}-count"></label><input id="${id}-count" class="count" type="number" min="1" max="20"></p>
        <p class="field words"><label for="${id}-take"></label><input id="${id}-take" class="take" maxlength="120" aria-describedby="${id}-usual"></p>
        <p class="field words taking"><label for="${id}-place"></label><input id="${id}-place" class="place" maxlength="120" aria-describedby="${id}-usual"></p>
        <p class="soft words taking" id="${id}-usual"></p>
        <p class="choice taking"><input type="checkbox" id="${id}-free" class="free"><label for="${id}-free"></label></p>
        <p class="choice taking"><input type="checkbox" id="${id}-optional" class="optional"><label for="${id}-optional"></label></p>
        <p class="choice photograph"><input type="checkbox" id="${id}-photo" class="photo"><label for="${id}-photo"></label></p>
        <div class="last"><button type="button" class="split taking"></button><button type="button" class="merge taking"></button>
          <button type="button" class="check"></button>
          <button type="button" class="remove"></button></div>
      </div>`;
    for (const [selector, word] of /** @type {Array<[string, AuthorWord]>} */ ([
      [".up", "up"], [".down", "down"], [".look", "look"], [".edit", "edit"], [".right", "right"], [".split", "split"],
      [".merge", "merge"], [".remove", "remove"], [`[for=${id}-part]`, "part"], [`[for=${id}-slot]`, "slot"],
      [`[for=${id}-count]`, "count"], [`[for=${id}-take]`, "take"], [`[for=${id}-place]`, "place"],
      [`[for=${id}-photo]`, "photo"], [`[for=${id}-free]`, "free"], [`[for=${id}-optional]`, "optional"], [".check", "addCheck"], [`#${id}-usual`, "usual"],
    ])) this.part(selector).textContent = t(word);
    const key = step.key;
    this.part(".up").onclick = () => this.move(-1);
    this.part(".down").onclick = () => this.move(1);
    this.part(".look").onclick = () => look(this.step);
    this.part(".edit").onclick = () => this.open(this.part(".change").hidden);
    this.part(".right").onclick = () => ask({ asked: "right", step: key });
    this.part(".split").onclick = () => ask({ asked: "split", step: key });
    this.part(".merge").onclick = () => ask({ asked: "merge", step: key });
    this.part(".check").onclick = () => ask({ asked: "check", step: key });
    for (const asked of /** @type {const} */ (["free", "optional"])) {
      this.part(`input.${asked}`).onchange = () => ask({ asked, step: key, to: Number(this.part(`input.${asked}`).checked) });
    }
    this.part(".remove").onclick = () => ask({ asked: "delete", step: key });
    for (const asked of /** @type {const} */ (["part", "slot"])) {
      this.part(`select.${asked}`).onchange = () => ask({ asked, step: key, name: this.part(`select.${asked}`).value });
    }
    this.part("input.count").onchange = () => ask({ asked: "count", step: key, to: Math.round(Number(this.part("input.count").value)) });
    this.part("input.photo").onchange = () => ask({ asked: "photo", step: key, to: Number(this.part("input.photo").checked) });
    for (const phrase of /** @type {const} */ (["take", "place"])) {
      this.part(`input.${phrase}`).onchange = () =>
        ask({
          asked: "words", step: key, phrase: this.step.check ? "check" : phrase, language: this.language,
          text: this.part(`input.${phrase}`).value,
        });
    }
    this.element.addEventListener("keydown", (event) => {
      const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
      if (!event.altKey || !by) return;
      event.preventDefault();
      this.move(by);
    });
  }

  /** @param {string} selector @returns {any} */
  part(selector) {
    const found = this.element.querySelector(selector);
    if (!found) throw new Error(`no '${selector}' in a step`);
    return found;
  }

  /** @param {boolean} open */
  open(open) {
    this.part(".change").hidden = !open;
    this.part(".edit").setAttribute("aria-expanded", String(open));
  }

  /** @param {number} by */
  async move(by) {
    const to = this.index + by;
    if (to < 0 || to >= this.of) return;
    const focused = document.activeElement;
    await this.ask({ asked: "move", step: this.step.key, to });
    // Moved in the page, it lost the keyboard.
    const button = focused instanceof HTMLButtonElement && focused.disabled ? this.part(by < 0 ? ".down" : ".up") : focused;
    if (button instanceof HTMLElement && this.element.contains(button)) button.focus();
  }

  /** A field that is being typed in is left alone. @param {string} selector @param {string} value */
  value(selector, value) {
    const field = this.part(selector);
    if (field !== document.activeElement && field.value !== value) field.value = value;
  }

  /** @param {State} state @param {number} index @param {string} language of the words */
  show(state, index, language) {
    const step = state.steps[index];
    if (!step) return;
    this.step = step;
    this.index = index;
    this.of = state.steps.length;
    this.language = language;
    const names = state.parts.map((p) => /** @type {const} */ ([p.part, spoken(p.name)]));
    const name = names.find(([part]) => part === step.part)?.[1];
    const what = step.check
      ? t("check", { number: index + 1, words: spoken(step.take) || t("noWords") })
      : t("step", { number: index + 1, count: step.count, part: name ?? t("unknownPart") });
    for (const part of this.element.querySelectorAll(".taking")) /** @type {HTMLElement} */ (part).hidden = step.check;
    this.part(`label[for=step-${step.key}-take]`).textContent = t(step.check ? "checkWords" : "take");
    this.part("input.free").checked = step.free;
    this.part("input.free").disabled = !step.can_free;
    this.part("input.optional").checked = step.optional;
    const free = step.free && step.can_free;
    this.element.classList.toggle("free", free);
    this.text(".marks", [...(free ? [t("free")] : []), ...(step.optional ? [t("optional")] : [])].join(" · "));
    this.text(".what", what);
    const unknownSlot = step.check ? "" : t("unknownSlot");
    this.text(".to", !step.slot ? unknownSlot : step.check ? plain(step.slot) : t("goesTo", { slot: plain(step.slot) }));
    for (const selector of [".up", ".down", ".look", ".edit", ".right"]) {
      this.part(selector).setAttribute("aria-label", `${this.part(selector).textContent}: ${what}`);
    }
    this.part(".up").disabled = index === 0;
    this.part(".down").disabled = index === this.of - 1;
    this.part(".look").disabled = !step.drawn;
    const unknown = /** @type {const} */ (["", t("choose")]);
    fill(this.part("select.part"), step.part ? names : [unknown, ...names]);
    const slots = state.slots.map((slot) => /** @type {const} */ ([slot, plain(slot)]));
    const anywhere = /** @type {const} */ (["", t("anywhere")]);
    fill(this.part("select.slot"), step.check ? [anywhere, ...slots] : step.slot ? slots : [unknown, ...slots]);
    this.value("select.part", step.part);
    this.value("select.slot", step.slot);
    this.value("input.count", String(step.count));
    for (const phrase of /** @type {const} */ (["take", "place"])) {
      const field = this.part(`input.${phrase}`);
      field.lang = language;
      field.dir = "auto";
      field.disabled = !step.part && !step.check;
      this.value(`input.${phrase}`, inLanguage(step[phrase], language));
    }
    const image = this.part("img");
    image.hidden = !(step.can_photo && step.photo);
    const pictured = step.check ? step.slot : step.part;
    if (step.can_photo && image.dataset.part !== pictured) {
      image.dataset.part = pictured;
      image.src = `/coach/author/photos/${pictured}.jpg`;
      image.alt = step.check ? t("photoOfSlot", { slot: plain(step.slot) }) : t("photoOf", { part: name ?? "" });
    }
    this.part("input.photo").checked = step.photo;
    this.part(".photograph").hidden = !step.can_photo;
    this.part(".split").disabled = step.count < 2;
    this.part(".merge").disabled = index === 0 || state.steps[index - 1]?.part !== step.part || !step.part;
    this.part(".answers").hidden = !step.doubts.length;
    this.part(".right").disabled = !step.part;
    listed(this.part(".doubts"), step.doubts.map((d) => ({ text: noted(d, spoken(d.part)), kind: "" })));
    listed(this.part(".findings"), step.findings.map((f) => ({ text: f.message, kind: f.error ? "error" : "" })));
    this.element.classList.toggle("asks", asks(step));
  }

  /** @param {string} selector @param {string} text */
  text(selector, text) {
    if (this.part(selector).textContent !== text) this.part(selector).textContent = text;
  }
}
