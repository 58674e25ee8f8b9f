// @ts-check
// The coach's page: every cell that is heard of, in the order of their names. It compares nobody.

import { line } from "../core/connection.js";
import { element, write } from "../core/page.js";
import { Card } from "./card.js";
import { preview } from "./preview.js";
import { language, t } from "./words.js";

/**
 * @typedef {import("./messages.js").CoachDown} CoachDown
 * @typedef {import("./messages.js").CoachInput} CoachInput
 * @typedef {import("./messages.js").CoachSnapshot} CoachSnapshot
 * @typedef {import("../core/connection.js").Link} Link
 */

/** @type {Map<string, Card>} */
const cards = new Map();
/** @type {CoachSnapshot | null} */
let snapshot = null;
/** @type {Link} */
let link = "connecting";
let waiting = false;

function show() {
  waiting = false;
  const live = link === "live";
  document.body.classList.toggle("old", snapshot !== null && !live);
  write("link", link === "live" ? "" : t(snapshot ? link : "connecting"));
  if (!snapshot) return;
  const seen = new Set(snapshot.cells.map((view) => view.id));
  for (const [id, card] of cards) {
    if (seen.has(id)) continue;
    card.element.remove();
    cards.delete(id);
  }
  const list = element("cells");
  snapshot.cells.forEach((view, i) => {
    let card = cards.get(view.id);
    if (!card) {
      card = new Card(view, (asked) => ask(view.id, asked));
      cards.set(view.id, card);
    }
    card.show(view, live);
    if (list.children[i] !== card.element) list.insertBefore(card.element, list.children[i] ?? null);
  });
  write("preview-open", t("preview", { cell: snapshot.here.replace(/^\//, "") }));
  element("preview-open").hidden = false;
  element("none").hidden = snapshot.cells.length > 0;
  const calling = snapshot.cells.filter((view) => view.help_seconds !== null).map((view) => view.id.replace(/^\//, ""));
  write("calls", calling.length ? t("calls", { cells: calling.join(", ") }) : t("nobodyCalls"));
  document.title = calling.length ? `(${calling.length}) ${t("title")}` : t("title");
}

function soon() {
  if (!waiting) requestAnimationFrame(show);
  waiting = true;
}

const send = line("/coach/ws", "coach", {
  onText(/** @type {CoachDown} */ message) {
    if (message.type === "refused") write("answer", t("refused", { ...message }));
    if (message.type !== "coach") return;
    snapshot = message.snapshot;
    soon();
  },
  onBinary() {},
  onLink(now) {
    link = now;
    soon();
  },
});

/** @param {string} cell @param {CoachInput["asked"]} asked */
function ask(cell, asked) {
  write("answer", "");
  /** @type {CoachInput} */
  const message = { type: "coach_input", cell, asked };
  send(message);
}

document.documentElement.lang = language;
write("title", t("title"));
write("none", t("none"));
write("promise", t("promise"));
write("author", t("author"));
preview(element);
show();
