// @ts-check
// The bench page: what the bench sees, what it says, and what a person can ask of it.

import { connect } from "../core/connection.js";
import { direction, say, spoken } from "../core/words.js";
import { element, write } from "../core/page.js";
import { About } from "./about.js";
import { mapOf, viewBox } from "./map.js";
import { Picture } from "./picture.js";

/**
 * @typedef {import("../core/protocol.js").OperatorInput["asked"]} Asked
 * @typedef {import("../core/protocol.js").Snapshot} Snapshot
 * @typedef {import("../core/words.js").Word} Word
 * @typedef {import("../core/connection.js").Link} Link
 */

/** A second press this soon is a slip of the hand, ms. */
const SLIP = 600;
/** Signs of a node's level, each of its own shape. */
const SIGNS = { ok: "●", warn: "▲", error: "■", stale: "○" };

/** A fact of the header: hidden while there is nothing to say. @param {string} id @param {string} text */
function fact(id, text) {
  write(id, text);
  element(id).hidden = !text;
}

/** @param {string} tag @param {string} text @param {string} [name] class */
function make(tag, text, name = "") {
  const made = document.createElement(tag);
  made.textContent = text;
  if (name) made.className = name;
  return made;
}

/** @type {Record<string, string>} */
const listed = {};
/** Fill a list, when it has changed. @param {string} id @param {unknown} shown @param {() => Element[]} items */
function list(id, shown, items) {
  const text = JSON.stringify(shown) + language;
  if (listed[id] === text) return;
  listed[id] = text;
  element(id).replaceChildren(...items());
}

/** Minutes and seconds, "03:12". @param {number} seconds */
function time(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  return `${String(Math.floor(whole / 60)).padStart(2, "0")}:${String(whole % 60).padStart(2, "0")}`;
}

const buttons = [...document.querySelectorAll("button")].filter((button) => button.dataset["asked"]);
const pictures = {
  camera: new Picture(/** @type {HTMLCanvasElement} */ (element("camera"))),
  projector: new Picture(/** @type {HTMLCanvasElement} */ (element("projector"))),
};
const about = new About(element, (asked, what, value) => bench.say(asked, what, value));
/** @type {Snapshot | null} */
let snapshot = null;
/** @type {Link} */
let link = "connecting";
let language = spoken((navigator.language || "en").slice(0, 2));
let waiting = false;

/** @param {Word} word @param {Record<string, string | number>} [values] */
const t = (word, values) => say(language, word, values);

/** Words that stand on the page whatever the cell says. */
function label() {
  document.documentElement.lang = language;
  document.documentElement.dir = direction(language);
  for (const id of /** @type {const} */ (["camera", "projector", "map"])) write(`${id}-name`, t(id));
  for (const id of /** @type {const} */ (["happened", "parts", "also"])) write(id, t(id));
  write("mine-name", t("mine"));
  write("mine-close", t("ready"));
  element("actions").setAttribute("aria-label", t("actions"));
  element("progress").setAttribute("aria-label", t("steps"));
}

/** Whether it is asked if something is right. */
const checks = () => snapshot?.step?.check === true && !snapshot.solving;

/** What "next" says now. @returns {Word} */
function nextWord() {
  if (snapshot?.solving) return "confirm";
  if (checks()) return "right";
  if (snapshot?.confirm) return "confirm";
  const step = snapshot?.step;
  return step?.optional && snapshot?.phase === "take" && !step.taken ? "skip" : "next";
}

/** What each button asks now, and its words. @returns {Record<string, [Asked, Word]>} */
function wishes() {
  const [paused, helped] = [snapshot?.paused, snapshot?.help_since != null];
  return {
    next: ["next", nextWord()],
    back: ["back", checks() ? "again" : "back"],
    pause: paused ? ["resume", "resume"] : ["pause", "pause"],
    help: helped ? ["help_done", "helpDone"] : ["help", "help"],
    repeat: ["repeat", "repeat"],
    you_are_wrong: ["you_are_wrong", "wrong"],
    robot: snapshot?.robot?.stopped ? ["resume_robot", "resumeRobot"] : ["stop_robot", "stopRobot"],
  };
}

function showButtons() {
  const wish = wishes();
  const live = link === "live" && !snapshot?.silent;
  for (const button of buttons) {
    const [asked, word] = wish[button.dataset["asked"] ?? ""] ?? ["help", "help"];
    button.value = asked;
    if (button.textContent !== t(word)) button.textContent = t(word);
    const robot = button.dataset["asked"] === "robot";
    button.disabled = robot ? link !== "live" : !live; // the robot can be stopped when the work guide is silent too
    if (robot) button.hidden = !snapshot?.robot;
    button.classList.toggle("main", asked === (snapshot?.paused ? "resume" : "next"));
  }
}

/** @param {Snapshot} s */
function showHeader(s) {
  write("task", s.task);
  fact("cell", s.cell.replaceAll("_", " "));
  fact("job", s.job ? t("job", { job: s.job }) : "");
  fact("clock", s.job_started === null ? "" : time((s.summary ? s.job_started + s.summary.seconds : s.clock) - s.job_started));
  fact("mine-open", `${t("guidance")}: ${t(s.level)}`);
  /** @type {HTMLButtonElement} */ (element("mine-open")).disabled = s.choices.length === 0;
  const speed = Math.abs(s.speed - 1) < 0.05 ? "" : ` ×${s.speed.toFixed(s.speed < 10 ? 1 : 0)}`;
  fact("mode", s.simulated ? t("simulated") + speed : t("real"));
  element("mode").classList.toggle("simulated", s.simulated);
  fact("paused", s.paused ? t("paused") : "");
  fact("authoring", s.authoring ? t("authoring") : "");
  fact("robot-stopped", s.robot?.stopped ? t("robotStopped") : s.robot?.not_taken ? t("robotHolds") : "");
  write("about-factory", s.nodes.some((node) => node.name === "factory") ? t("factoryTold") : "");
  fact("looked-at", s.looked_at ? t("lookedAt") : "");
  fact("help-called", s.help_since === null ? "" : t("helpCalled"));
}

/** @param {Snapshot} s */
function showNow(s) {
  element("now").classList.toggle("problem", s.solving !== null);
  element("sign").classList.toggle("shown", s.solving !== null);
  write("step", s.step ? t("step", { number: s.step.number, of: s.step.of }) : s.summary ? t("summary") : "");
  write("count", s.step && s.step.count > 1 ? `${s.phase === "take" ? s.step.taken : s.step.placed} / ${s.step.count}` : "");
  write("words", s.words);
  element("words").lang = s.language;
  showPicture(s);
  const done = s.summary ? 1 : s.step ? (s.step.number - 1) / s.step.of : 0;
  const progress = /** @type {HTMLProgressElement} */ (element("progress"));
  if (progress.value !== done) progress.value = done;

  element("problems").hidden = s.problems.length === 0;
  list("problem-list", s.problems, () => s.problems.map((p) => {
    const item = make("li", p.words);
    item.lang = s.language;
    return item;
  }));

  const facts = s.summary;
  element("summary").hidden = facts === null;
  if (!facts) return;
  const [minutes, seconds] = [Math.floor(Math.round(facts.seconds) / 60), Math.round(facts.seconds) % 60];
  /** @type {[Word, string][]} */
  const rows = [
    ["steps", String(facts.steps)],
    ["time", t("minutes", { minutes, seconds })],
    ["corrections", String(facts.corrections)],
    ["helpCalls", String(facts.help_calls)],
  ];
  list("summary", rows, () => rows.map(([word, value]) => {
    const row = document.createElement("div");
    row.append(make("dt", t(word)), make("dd", value));
    return row;
  }));
}

/** Beside the words, or instead of them; one that cannot be loaded is left out. @param {Snapshot} s */
function showPicture(s) {
  const image = /** @type {HTMLImageElement} */ (element("picture"));
  const file = s.picture?.file ?? "";
  if (image.dataset["file"] !== file) {
    image.dataset["file"] = file;
    image.hidden = true;
    if (file) image.src = file;
    else image.removeAttribute("src");
  }
  image.lang = s.language;
  image.alt = s.picture?.alt ?? "";
  alone();
}

/** Words are read aloud even where the picture stands alone. */
function alone() {
  const image = element("picture");
  element("words").classList.toggle("only-heard", !image.hidden && snapshot?.picture?.alone === true);
}

/** The worker's settings: one list of values each. @param {Snapshot} s */
function showChoices(s) {
  list("choices", s.choices, () => s.choices.map((choice) => {
    const row = make("label", t(/** @type {Word} */ (choice.setting)));
    const values = document.createElement("select");
    values.name = choice.setting;
    choice.values.forEach((value, i) => {
      const option = document.createElement("option");
      option.value = value;
      option.textContent = choice.words[i] ?? named(choice.setting, value);
      option.selected = value === choice.value;
      values.append(option);
    });
    values.addEventListener("change", () => bench.ask("set", choice.setting, values.value));
    row.append(values);
    return row;
  }));
}

/** A value as it is called. @param {string} setting @param {string} value */
function named(setting, value) {
  if (setting === "language") return new Intl.DisplayNames(value, { type: "language" }).of(value) ?? value;
  if (setting === "volume") return value === "0" ? t("off") : `${value} %`;
  if (setting === "modality") return t(value === "both" ? "both" : value === "words" ? "words" : "picture");
  return t(/** @type {Word} */ (value));
}

/** @param {Snapshot} s */
function showRest(s) {
  list("event-list", s.events, () => {
    if (s.events.length === 0) return [make("li", t("nothing"))];
    return [...s.events].reverse().map((e) => {
      const item = make("li", "", e.tone);
      const words = make("span", e.words);
      words.lang = s.language;
      item.append(make("time", time(e.at - (s.job_started ?? 0))), words);
      return item;
    });
  });
  element("map").setAttribute("viewBox", viewBox(s.table));
  list("map", [s.table, s.places], () => mapOf(s.table, s.places));
  const slots = s.places.filter((p) => p.kind === "slot");
  write("map-facts", t("mapFacts", { filled: slots.filter((p) => p.content === "filled").length, slots: slots.length }));
  list("nodes", s.nodes, () => s.nodes.map((n) => {
    const item = make("li", "", n.level);
    const sign = make("span", SIGNS[n.level], "sign-of-node");
    sign.setAttribute("aria-hidden", "true");
    item.append(sign, ` ${n.name.replaceAll("_", " ")} ${t(n.level)}`);
    if (n.level !== "ok" && n.message) item.append(`: ${n.message}`);
    return item;
  }));
  list("latencies", s.latencies, () => s.latencies.map((l) =>
    make("li", t("latency", { p50: (l.p50 * 1000).toFixed(0), p95: (l.p95 * 1000).toFixed(0) }))));
}

/** Under each picture its time, and whether the camera stands still; the projector's changes only when the work does. */
function showPictures() {
  for (const id of /** @type {const} */ (["camera", "projector"])) {
    const { stamp, still } = pictures[id];
    const at = stamp === null ? t("noPicture") : time(stamp - (snapshot?.job_started ?? 0));
    const stuck = id === "camera" && stamp !== null && still && link === "live" && !snapshot?.silent;
    write(`${id}-time`, stuck ? `${t("noNewPicture")} · ${at}` : at);
  }
}

/** Whether what is shown is old, in words. */
function showLink() {
  const silent = link === "live" && snapshot?.silent;
  document.body.classList.toggle("old", snapshot !== null && (link !== "live" || silent === true));
  if (link !== "live") write("link", t(snapshot ? link : "connecting"));
  else if (!silent || !snapshot) write("link", "");
  else if (snapshot.simulated && snapshot.summary) write("link", t("over"));
  else write("link", t("noNews", { time: time(snapshot.clock - (snapshot.job_started ?? 0)) }));
}

function show() {
  waiting = false;
  const wanted = snapshot ? spoken(snapshot.language) : language;
  if (wanted !== language) {
    language = wanted;
    label();
    about.speak(language);
  }
  showLink();
  showButtons();
  if (!snapshot) return;
  showHeader(snapshot);
  showNow(snapshot);
  showChoices(snapshot);
  showRest(snapshot);
  showPictures();
  document.title = snapshot.step ? `${element("step").textContent} · ${snapshot.task}` : snapshot.task;
}

const bench = connect({
  onSnapshot(now) {
    snapshot = now;
    if (!waiting) requestAnimationFrame(show);
    waiting = true;
  },
  onAbout(known) {
    about.show(known);
  },
  onPicture(kind, stamp, picture) {
    pictures[kind === 1 ? "camera" : "projector"].show(stamp, picture);
  },
  onLink(now) {
    link = now;
    showLink();
    showButtons();
    about.live(link === "live");
  },
  onRefused(refused) {
    write("answer", t("refused", { ...refused }));
  },
});

for (const button of buttons) {
  let pressed = -SLIP;
  button.addEventListener("click", (event) => {
    if (event.timeStamp - pressed < SLIP) return;
    pressed = event.timeStamp;
    write("answer", "");
    bench.ask(/** @type {Asked} */ (button.value));
  });
  button.addEventListener("keydown", (event) => {
    if (event.repeat) event.preventDefault(); // a key held down is one press
  });
}

element("picture").addEventListener("load", () => {
  element("picture").hidden = false;
  alone();
});

element("mine-open").addEventListener("click", () => /** @type {HTMLDialogElement} */ (element("mine")).showModal());

label();
about.speak(language);
show();
setInterval(showPictures, 500);
