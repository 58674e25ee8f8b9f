// @ts-check
// A coach packs once, and what was seen becomes a draft of work instructions. The server keeps the draft: a page that is
// opened anew shows it as it is.

import { element, write } from "../core/page.js";
import { StepCard, asks, fill, inLanguage, listed } from "./author-step.js";
import { noted, plain, t } from "./author-words.js";
import { language, spoken } from "./words.js";

/**
 * @typedef {import("./author-messages.js").AuthorState} State
 * @typedef {import("./author-step.js").Ask} Ask
 * @typedef {import("./author-messages.js").AuthorStep} Step
 * @typedef {import("./author-words.js").AuthorWord} AuthorWord
 */

const PERIOD = 500;
/** What is said by the words' own names, whatever the coach's language is. @type {Record<string, string>} */
const NAMES = { nl: "Nederlands", en: "English", de: "Deutsch", uk: "Українська", ar: "العربية" };

/** @type {Map<number, StepCard>} */
const cards = new Map();
/** @type {State | null} */
let state = null;

/** Sends a wish, or asks how it stands. @param {Ask} [wish] @returns {Promise<number>} the answer's status, 0 without one */
async function fetched(wish) {
  let answer;
  try {
    answer = await fetch(wish ? "/coach/author/ask" : "/coach/author/state", wish ? { method: "POST", body: JSON.stringify(wish) } : {});
  } catch {
    write("link", t("lost"));
    return 0;
  }
  write("link", "");
  if (wish) write("answer", "");
  if (answer.ok) show(await answer.json());
  else if (answer.status !== 412) write("answer", (await answer.text()).trim());
  return answer.status;
}

/** @param {Ask} wish */
async function ask(wish) {
  await fetched(wish);
}

/** Asks before something is done that cannot be taken back. @param {string} question @param {AuthorWord} yes @param {() => void} then */
function sure(question, yes, then) {
  write("sure-question", question);
  write("sure-yes", t(yes));
  element("sure-yes").onclick = () => {
    element("sure").close();
    then();
  };
  element("sure").showModal();
}

/** @param {State} s */
function show(s) {
  if (state && s.version === state.version) return;
  const first = state === null || state.doing !== s.doing;
  state = s;
  write("cell", plain(s.cell));
  element("simulated").hidden = !s.simulated;
  element("start").hidden = s.doing !== "nothing";
  element("recording").hidden = s.doing !== "record";
  element("draft").hidden = s.doing !== "draft";
  if (first) element("pause").checked = !s.simulated;
  write("seen", s.seen ? t("seen", { count: s.seen }) : t("nothing"));
  const last = s.last;
  write("last", !last ? "" : last.part.length
    ? t("last", { count: last.count, part: spoken(last.part), slot: plain(last.place) })
    : t("lastUnknown", { slot: plain(last.place) }));
  if (s.doing !== "draft") return;
  const speak = element("speak");
  if (!speak.options.length) {
    fill(speak, s.languages.map((la) => /** @type {const} */ ([la, NAMES[la] ?? la])));
    speak.value = s.languages.includes(language) ? language : s.languages[0] ?? "";
  }
  const name = element("name");
  if (name !== document.activeElement) name.value = inLanguage(s.title, speak.value);
  name.lang = speak.value;
  name.dir = "auto";
  listed(element("remarks"), s.remarks.map((note) => ({ text: noted(note, spoken(note.part)), kind: "notice" })));
  showSteps(s, speak.value);
  const open = s.steps.filter(asks).length;
  const all = [...s.findings, ...s.steps.flatMap((step) => step.findings)];
  const errors = all.filter((f) => f.error).length;
  write("open", [open ? t("open", { count: open }) : t("noOpen"), ...(errors ? [t("errors", { count: errors })] : [])].join(" "));
  write("hints-title", t("hints", { count: s.findings.length }));
  element("hints").hidden = !s.findings.length;
  listed(element("findings"), s.findings.map((f) => ({ text: f.message, kind: f.error ? "error" : "" })));
  element("keep").disabled = open > 0 || errors > 0 || !s.steps.length;
  element("undo").disabled = !s.can_undo;
  write("saved", s.saved ? t("saved", { name: s.saved, folder: s.folder }) : "");
}

/** @param {State} s @param {string} language */
function showSteps(s, language) {
  const keys = new Set(s.steps.map((step) => step.key));
  for (const [key, card] of cards) {
    if (keys.has(key)) continue;
    card.element.remove();
    cards.delete(key);
  }
  const list = element("steps");
  s.steps.forEach((step, i) => {
    let card = cards.get(step.key);
    if (!card) {
      card = new StepCard(step, moved, look);
      cards.set(step.key, card);
    }
    card.show(s, i, language);
    if (list.children[i] !== card.element) list.insertBefore(card.element, list.children[i] ?? null);
  });
  element("no-steps").hidden = s.steps.length > 0;
}

/** A wish of a step; where it moves it, that is told to who cannot see it. @param {Ask} wish */
async function moved(wish) {
  const status = await fetched(wish);
  if (wish.asked === "move" && status === 200 && state) {
    write("moved", t("moved", { number: (wish.to ?? 0) + 1, of: state.steps.length }));
  }
}

/** The step as the light will show it. @param {Step} step */
function look(step) {
  const spokenIn = element("speak").value;
  write("preview-name", element(`step-${step.key}`).querySelector(".what").textContent);
  for (const phrase of /** @type {const} */ (["take", "place"])) {
    const words = inLanguage(step[phrase], spokenIn) || spoken(step[phrase]);
    const picture = element(phrase);
    picture.src = `/coach/author/steps/${spokenIn}/${step.drawn}/${phrase}.png?${state?.version}`;
    picture.alt = words;
    write(`${phrase}-words`, words);
    element(`${phrase}-words`).lang = spokenIn;
    element(`${phrase}-words`).dir = "auto";
  }
  element("preview").showModal();
}

/** @param {boolean} replace */
async function save(replace) {
  const name = element("file").value.trim();
  const status = await fetched({ asked: "save", name, replace });
  if (status === 412) sure(t("taken", { name }), "replace", () => save(true));
}

function letGo() {
  sure(t("sureLetGo"), "letGo", () => ask({ asked: "let_go" }));
}

document.documentElement.lang = language;
document.title = t("title");
for (const [id, word] of /** @type {Array<[string, AuthorWord]>} */ ([
  ["title", "title"], ["back", "back"], ["simulated", "simulated"], ["start-title", "startTitle"], ["start1", "start1"],
  ["start2", "start2"], ["start3", "start3"], ["start4", "start4"], ["kept", "kept"], ["pause-label", "pause"],
  ["record", "record"], ["recording-title", "recording"], ["stop", "stop"], ["let-go-recording", "letGo"],
  ["speak-label", "speak"], ["name-label", "name"], ["steps-title", "steps"], ["no-steps", "noSteps"],
  ["file-label", "file"], ["file-help", "fileHelp"], ["keep", "save"], ["undo", "undo"], ["let-go", "letGo"],
  ["preview-close", "ready"], ["sure-no", "no"],
])) write(id, t(word));
element("record").onclick = () => ask({ asked: "record", pause: element("pause").checked });
element("stop").onclick = () => ask({ asked: "stop" });
element("let-go-recording").onclick = letGo;
element("let-go").onclick = letGo;
element("undo").onclick = () => ask({ asked: "undo" });
element("sure-no").onclick = () => element("sure").close();
element("name").onchange = () => ask({ asked: "title", language: element("speak").value, text: element("name").value });
element("speak").onchange = () => {
  const now = state;
  state = null;
  if (now) show(now);
};
element("save").onsubmit = (/** @type {Event} */ event) => {
  event.preventDefault();
  save(false);
};

async function follow() {
  await fetched();
  setTimeout(follow, PERIOD);
}
follow();
