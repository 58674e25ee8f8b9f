// @ts-check
// The questionnaires: one question a screen, kept after every answer, gone on with where they were broken off.

import { element } from "../core/page.js";
import { canRead, hush, read } from "./aloud.js";
import * as flow from "./flow.js";
import { say } from "./words.js";

/**
 * @typedef {import("./messages.js").Sheet} Sheet
 * @typedef {import("./messages.js").FormSheet} FormSheet
 * @typedef {import("./messages.js").Question} Question
 * @typedef {import("./messages.js").Words} Words
 * @typedef {import("./messages.js").GivenAnswer} GivenAnswer
 * @typedef {import("./messages.js").Decision} Decision
 * @typedef {import("./messages.js").Finished} Finished
 * @typedef {import("./words.js").Word} Word
 * @typedef {import("./flow.js").Screen} Screen
 */

/** A press this soon after a new question came is a second tap on the last one, ms. */
const SLIP = 400;

/** @type {Sheet} */
let sheet;
let language = "en";
/** @type {Screen} */
let screen = { kind: "done" };
/** Purposes asked on this visit: nobody is asked twice. @type {Set<string>} */
const asked = new Set();
let reading = false;
let busy = false;
/** What ends the time in which a press is a slip. @type {ReturnType<typeof setTimeout> | undefined} */
let settling;

/** @param {Word} word @param {Record<string, string | number>} [values] */
const t = (word, values) => say(language, word, values);

/** @param {readonly Words[]} words */
const text = (words) => flow.text(words, language);
/** The screen that comes first, of all that is still to be asked. */
const first = () => flow.first(sheet, asked);
/** The form of `screen` as it is kept now. @param {FormSheet} form */
const fresh = (form) => flow.fresh(sheet, form);
/** @param {string} what @param {object} [message] */
const ask = (what, message) => flow.ask(what, message, () => t("away"));

/** @param {string} what @param {Decision | GivenAnswer | Finished} message @returns {Promise<boolean>} */
async function keep(what, message) {
  element("told").textContent = "";
  try {
    sheet = await ask(what, message);
    return true;
  } catch (error) {
    element("kept").textContent = "";
    element("told").textContent = t("notKept", { why: /** @type {Error} */ (error).message });
    return false;
  }
}

/** What there is to hear on this screen. */
function heard() {
  const choices = [...element("choices").querySelectorAll("label")].map((l) => l.textContent);
  return [element("question").textContent, element("note").textContent, ...choices].filter(Boolean).join(". ");
}

/** @param {{value: string, words: string}[]} choices @param {string} chosen */
function showChoices(choices, chosen) {
  element("choices").hidden = choices.length === 0;
  element("choices").classList.toggle("many", choices.length > 7);
  element("choices").replaceChildren(...choices.map(({ value, words }) => {
    const label = document.createElement("label");
    const input = document.createElement("input");
    [input.type, input.name, input.value, input.checked] = ["radio", "choice", value, value === chosen];
    label.className = "choice";
    label.append(input, words);
    return label;
  }));
}

/** @param {Screen} now */
function show(now) {
  screen = now;
  hush();
  const form = "form" in now ? fresh(now.form) : null;
  const question = now.kind === "question" ? form?.questions[now.number] : undefined;
  document.documentElement.lang = language;
  for (const id of ["told", "kept"]) element(id).textContent = "";
  element("title").textContent = form ? text(form.title) : "";
  element("simulated").hidden = !sheet.simulated;
  element("simulated").textContent = t("simulated");
  for (const id of /** @type {const} */ (["aloud", "back", "skip"])) element(id).textContent = t(id);
  element("aloud").hidden = !canRead(language, sheet.speech);
  element("aloud").setAttribute("aria-pressed", String(reading));
  element("languages").setAttribute("aria-label", t("languages"));
  element("progress").setAttribute("aria-label", t("progress"));
  const answered = form ? form.questions.filter((q) => q.answered).length : 0;
  element("progress").hidden = !form;
  element("progress").value = form ? answered / form.questions.length : 0;
  element("place").textContent = question && now.kind === "question" && form
    ? t("place", { number: now.number + 1, of: form.questions.length })
    : now.kind === "consent" ? t("before") : "";

  const free = question !== undefined && question.choices.length === 0;
  element("words").hidden = !free;
  element("words").value = question?.text ?? "";
  element("skip").hidden = question === undefined;
  element("back").hidden = !["question", "review"].includes(now.kind);
  element("next").hidden = now.kind === "done" || now.kind === "refused";
  element("next").textContent = t(now.kind === "intro" ? (answered ? "goOn" : "start") : now.kind === "review" ? "handIn" : "next");
  element("note").textContent = {
    consent: t("holds"), refused: t("nothingMore"), intro: form ? text(form.intro) : "", done: "",
    question: free ? t("words") : "", review: form ? t("review", { answered: form.questions.filter((q) => q.value !== null || q.text).length, of: form.questions.length }) : "",
  }[now.kind];
  element("question").textContent = {
    consent: now.kind === "consent" ? text(now.consent.words) : "", refused: t("nothing"), intro: form ? text(form.title) : "",
    question: question ? text(question.words) : "", review: t("done"), done: t("thanks"),
  }[now.kind];
  if (now.kind === "consent") showChoices([{ value: "yes", words: t("yes") }, { value: "no", words: t("no") }], "");
  else showChoices((question?.choices ?? []).map((c) => ({
    value: String(c.value),
    words: c.words.some((w) => w.language === language) && (question?.choices.length ?? 0) > 7
      ? `${c.value} ${text(c.words)}` : text(c.words) || String(c.value),
  })), String(question?.value ?? ""));
  document.title = [element("question").textContent, element("title").textContent].filter(Boolean).join(" · ");
  element("question").focus();
  element("form").dataset.fresh = "";
  clearTimeout(settling);
  settling = setTimeout(() => delete element("form").dataset.fresh, SLIP);
  if (reading) read(heard(), language, sheet.speech);
}

/** @param {FormSheet} form @param {Question} question @param {Partial<GivenAnswer>} given */
function answer(form, question, given) {
  return keep("answer", {
    type: "answer", instrument: form.instrument, item: question.item, language, value: null, text: "", ...given,
  });
}

/** The value of the chosen answer, "" where there is none. */
const chosen = () => /** @type {HTMLInputElement | null} */ (element("choices").querySelector("input:checked"))?.value ?? "";

async function next() {
  const now = screen;
  if (now.kind === "consent") {
    if (!chosen()) return void (element("told").textContent = t("decide"));
    const granted = chosen() === "yes";
    if (!await keep("decision", { type: "decision", purpose: now.consent.purpose, granted })) return;
    asked.add(now.consent.purpose);
    show(!granted && now.consent.purpose === "answers" ? { kind: "refused" } : first());
  } else if (now.kind === "intro") {
    const left = fresh(now.form).questions.findIndex((q) => !q.answered);
    show(left < 0 ? { kind: "review", form: now.form } : { kind: "question", form: now.form, number: left });
  } else if (now.kind === "question") {
    const question = fresh(now.form).questions[now.number];
    if (!question) return;
    if (question.choices.length) {
      if (!chosen()) return void (element("told").textContent = t("choose"));
      if (chosen() !== String(question.value ?? "") && !await answer(now.form, question, { value: Number(chosen()) })) return;
    } else if (!await answer(now.form, question, { text: element("words").value.trim() })) return;
    show(flow.after(now.form, now.number));
  } else if (now.kind === "review") {
    if (await keep("finished", { type: "finished", instrument: now.form.instrument })) show(first());
  }
}

async function skip() {
  const now = screen;
  if (now.kind !== "question") return;
  const question = fresh(now.form).questions[now.number];
  if (question && await answer(now.form, question, {})) show(flow.after(now.form, now.number));
}

function back() {
  const now = screen;
  if (now.kind === "review") show({ kind: "question", form: now.form, number: now.form.questions.length - 1 });
  else if (now.kind === "question") {
    show(now.number ? { kind: "question", form: now.form, number: now.number - 1 } : { kind: "intro", form: now.form });
  }
}

/** One press at a time, and none that is a slip. @param {() => void | Promise<void>} act @returns {(event: Event) => Promise<void>} */
function once(act) {
  return async (event) => {
    event.preventDefault();
    if (busy || "fresh" in element("form").dataset) return;
    busy = true;
    try {
      await act();
    } finally {
      busy = false;
    }
  };
}

element("form").addEventListener("submit", once(next));
element("back").addEventListener("click", once(back));
element("skip").addEventListener("click", once(skip));
element("choices").addEventListener("change", async () => {
  element("told").textContent = "";
  const now = screen;
  const question = now.kind === "question" ? fresh(now.form).questions[now.number] : undefined;
  if (now.kind !== "question" || !question) return; // a yes or no counts with Next only
  if (await answer(now.form, question, { value: Number(chosen()) })) element("kept").textContent = t("kept");
});
element("aloud").addEventListener("click", () => {
  reading = !reading;
  element("aloud").setAttribute("aria-pressed", String(reading));
  if (reading) read(heard(), language, sheet.speech);
  else hush();
});
globalThis.speechSynthesis?.addEventListener("voiceschanged", () => {
  if (sheet) element("aloud").hidden = !canRead(language, sheet.speech);
});

/** One button a language; the one that is spoken is pressed. */
function showLanguages() {
  const spoken = sheet.forms[0]?.languages ?? ["nl", "en"];
  element("languages").replaceChildren(...spoken.map((each) => {
    const button = document.createElement("button");
    [button.type, button.lang, button.textContent] = ["button", each, say(each, "name")];
    button.setAttribute("aria-pressed", String(each === language));
    button.addEventListener("click", () => {
      language = each;
      showLanguages();
      show(screen);
    });
    return button;
  }));
}

try {
  sheet = await ask("sheet");
  language = sheet.language;
  showLanguages();
  show(first());
} catch (error) {
  element("form").hidden = element("progress").hidden = true;
  element("kept").textContent = t("wrong", { why: /** @type {Error} */ (error).message });
}
