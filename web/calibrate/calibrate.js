// @ts-check
// The calibration page: it asks the server how far it is, five times a second, and shows that.

import { language } from "../core/language.js";
import { element, write } from "../core/page.js";
import { t } from "./words.js";

/**
 * @typedef {import("./messages.js").CalibrationState} State
 * @typedef {import("./messages.js").CalibrationWish} Wish
 */

const PERIOD = 200;
/** Element -> its word. @type {Record<string, Parameters<typeof t>[0]>} */
const WORDS = {
  title: "title", what: "what", camera: "camera", "camera-hint": "cameraHint", near: "near", "near-hint": "nearHint",
  pointing: "pointing", filling: "filling", "bin-label": "bin", check: "check", "check-hint": "checkHint",
  projector: "projector", "projector-hint": "projectorHint", "projector-check": "projectorCheck",
  "projector-check-hint": "projectorCheckHint", "projector-label": "whichProjector", changes: "changes", keep: "keep",
  again: "again", stop: "stop", caption: "noPicture",
};

/** @type {Wish} */
let last = wish("camera");
let shown = 0;
let listed = "";

/** @param {Wish["asked"]} asked @param {Partial<Wish>} [more] @returns {Wish} */
function wish(asked, more = {}) {
  return { asked, by: "near", bins: [], projector: "", ...more };
}

/** @param {Wish} [wish] @returns {Promise<void>} */
async function ask(wish) {
  const where = `${wish ? "ask" : "state"}?language=${language}`;
  let answer;
  try {
    answer = await fetch(where, wish ? { method: "POST", body: JSON.stringify(wish) } : {});
  } catch {
    write("fault", t("lost"));
    return;
  }
  if (!answer.ok) {
    write("fault", (await answer.text()).trim());
    return;
  }
  // A refusal stays until something else is asked.
  if (wish || element("fault").textContent === t("lost")) write("fault", "");
  show(await answer.json());
}

/** @param {State} s */
function show(s) {
  write("cell", s.cell.replaceAll("_", " "));
  const kept = s.kept;
  write("kept", kept
    ? t("kept", { how: t(kept.method), made: kept.made, rms: kept.rms_mm.toFixed(1), worst: kept.worst_mm.toFixed(1) })
    : t("notKept"));
  const projectors = element("projector-id");
  if (!projectors.options.length) projectors.replaceChildren(...s.projectors.map((p) => new Option(p.id, p.id)));
  const chosen = s.projectors.find((p) => p.id === projectors.value);
  element("throwing").hidden = !s.can_throw;
  element("which-projector").hidden = s.projectors.length < 2;
  element("projector-check").disabled = !chosen?.made;
  if (chosen) {
    const { id, made } = chosen;
    write("projector-kept", made ? t("projectorKept", { id, made, mm: chosen.table_mm.toFixed(1) }) : t("projectorNotKept", { id }));
  }
  const busy = s.doing !== "nothing";
  element("choose").hidden = busy;
  element("recheck").hidden = !s.can_check;
  element("said").hidden = !s.said;
  write("said", s.said);
  element("share").hidden = !busy || s.judged || s.doing === "check";
  element("share").value = s.share;
  element("result").hidden = !s.judged;
  write("verdict", t(s.good ? "good" : "lookAgain"));
  const lines = s.report.join("\n");
  if (lines !== listed) {
    listed = lines;
    element("report").replaceChildren(...s.report.map((line) => {
      const item = document.createElement("li");
      item.textContent = line.replace(/ +/g, " ");
      return item;
    }));
  }
  for (const id of ["changes", "diff"]) element(id).hidden = !s.diff;
  write("diff", s.diff);
  element("doing").hidden = !busy || s.doing === "check";
  element("keep").hidden = !s.can_keep;
  element("again").hidden = !s.judged;
  element("picture").hidden = !s.picture;
  element("caption").hidden = s.picture > 0;
  if (s.picture && s.picture !== shown) {
    shown = s.picture;
    element("picture").src = `picture?${s.picture}`;
  }
  const select = element("bin");
  if (!select.options.length) select.replaceChildren(...s.bins.map((b) => new Option(`${b.id}: ${b.part}`, b.id)));
}

/** @param {Wish} wish */
function begin(wish) {
  last = wish;
  return ask(wish);
}

for (const [id, word] of Object.entries(WORDS)) write(id, t(word));
document.documentElement.lang = language;
document.title = `${t("title")} · Opstap`;
element("picture").alt = t("picture");
element("share").setAttribute("aria-label", t("step"));
element("camera").onclick = () => begin(wish("camera"));
element("near").onclick = () => begin(wish("bins"));
for (const by of /** @type {const} */ (["pointing", "filling"])) {
  element(by).onclick = () => begin(wish("bins", { by, bins: [element("bin").value] }));
}
element("check").onclick = () => begin(wish("check"));
element("projector").onclick = () => begin(wish("projector", { projector: element("projector-id").value }));
element("projector-check").onclick = () => begin(wish("projector_check", { projector: element("projector-id").value }));
element("again").onclick = () => ask(last);
element("keep").onclick = () => ask(wish("keep"));
element("stop").onclick = () => ask(wish("stop"));

async function follow() {
  await ask();
  setTimeout(follow, PERIOD);
}
follow();
