// @ts-check
// The calibration page: it asks the server how far it is, five times a second, and shows that.

import { element, write } from "../core/page.js";

/**
 * @typedef {import("./messages.js").CalibrationState} State
 * @typedef {import("./messages.js").CalibrationWish} Wish
 */

const PERIOD = 200;
const METHODS = { board: "with the board", markers: "with markers", structure: "by a check" };

/** @type {Wish} */
let last = { asked: "camera", by: "near", bins: [] };
let shown = 0;
let listed = "";

/** @param {Wish} [wish] @returns {Promise<void>} */
async function ask(wish) {
  let answer;
  try {
    answer = await fetch(wish ? "ask" : "state", wish ? { method: "POST", body: JSON.stringify(wish) } : {});
  } catch {
    write("fault", "No connection with the bench. What you see is old. Trying again.");
    return;
  }
  if (!answer.ok) {
    write("fault", (await answer.text()).trim());
    return;
  }
  // A refusal stays until something else is asked.
  if (wish || element("fault").textContent?.startsWith("No connection")) write("fault", "");
  show(await answer.json());
}

/** @param {State} s */
function show(s) {
  write("cell", s.cell.replaceAll("_", " "));
  const kept = s.kept;
  write("kept", kept
    ? `Camera calibrated ${METHODS[kept.method]} on ${kept.made} UTC: ${kept.rms_mm.toFixed(1)} mm, at worst ${kept.worst_mm.toFixed(1)} mm.`
    : "Camera not calibrated yet: the scene file's pose is used.");
  const busy = s.doing !== "nothing";
  element("choose").hidden = busy;
  element("recheck").hidden = !s.can_check;
  element("said").hidden = !s.said;
  write("said", s.said);
  element("share").hidden = !busy || s.judged || s.doing === "check";
  element("share").value = s.share;
  element("result").hidden = !s.judged;
  write("verdict", s.good ? "✓ Good" : "◆ Look again");
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
  element("keep").hidden = !s.judged || (s.doing === "bins" && !s.diff);
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

element("camera").onclick = () => begin({ asked: "camera", by: "near", bins: [] });
element("near").onclick = () => begin({ asked: "bins", by: "near", bins: [] });
for (const by of /** @type {const} */ (["pointing", "filling"])) {
  element(by).onclick = () => begin({ asked: "bins", by, bins: [element("bin").value] });
}
element("check").onclick = () => begin({ asked: "check", by: "near", bins: [] });
element("again").onclick = () => ask(last);
element("keep").onclick = () => ask({ asked: "keep", by: "near", bins: [] });
element("stop").onclick = () => ask({ asked: "stop", by: "near", bins: [] });

async function follow() {
  await ask();
  setTimeout(follow, PERIOD);
}
follow();
