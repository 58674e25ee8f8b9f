// @ts-check
// The coach's page of a session: the room from the participant's eyes, drawn here anew from pose and state; time, pause,
// stop, what can happen, notes. The participant's page says that a coach looks on.

import { Mesh, MeshBasicMaterial, SphereGeometry } from "three";
import { element, write } from "../core/page.js";
import { connect } from "./link.js";
import { Around } from "./around.js";
import { draw } from "./minimap.js";
import { screen } from "./screen.js";
import { Stage } from "./stage.js";
import { say } from "./words.js";

/**
 * @typedef {import("./messages.js").Snapshot} Snapshot
 * @typedef {import("./messages.js").Scenery} Scenery
 * @typedef {import("./messages.js").Watch} Watch
 * @typedef {import("./messages.js").Pose} Pose
 * @typedef {import("./words.js").Word} Word
 */

/** How far down the eyes look until a pose comes, rad. */
const DOWN = -0.42;

/** @type {Snapshot | null} */
let now = null;
/** @type {Scenery | null} */
let scenery = null;
/** @type {Watch | null} */
let watch = null;
/** @type {Stage | null} */
let stage = null;
/** @type {import("./messages.js").World | null} */
let world = null;
/** @type {import("./messages.js").Moving | null} */
let moving = null;
/** @type {Pose | null} */
let last = null;
/** @type {Around | null} */
let around = null;
let up = false;
let answer = "";
let above = false;
/** @type {Map<number, Blob>} */
const lights = new Map();
const hands = [0, 1].map(() => new Mesh(new SphereGeometry(0.03, 12, 8), new MeshBasicMaterial({ color: 0x00588f })));
/** @param {Word} word @param {Record<string, string | number>} [values] */
const t = (word, values) => say(now?.language ?? "nl", word, values);

const link = connect("/orientation/coach-talk", {
  onMessage(message) {
    if (message.type === "scenery") void enter(message);
    else if (message.type === "world") stage?.show(world = message);
    else if (message.type === "moving") return stage ? stage.move(moving = message) : void (moving = message);
    else if (message.type === "session") follow(message);
    else if (message.type === "watch") watch = message;
    else if (message.type === "pose") return see(message);
    else if (message.type === "refused") answer = t("refused", { why: message.why });
    show();
  },
  onLight(projector, picture) {
    lights.set(projector, picture);
    void throwLight(projector);
  },
  onLink(now) {
    up = now;
    show();
  },
});

/** @param {number} projector */
async function throwLight(projector) {
  const picture = lights.get(projector);
  if (!picture || !stage?.light) return;
  await stage.light.show(projector, picture);
  stage.dirty = true;
}

/** @param {import("./link.js").Ask} ask */
function ask(ask) {
  answer = "";
  link.ask(ask);
}

/** @param {Scenery} next */
async function enter(next) {
  const first = scenery === null;
  scenery = next;
  if (!first) return stage?.put(next);
  try {
    stage = new Stage(element("room"));
    await stage.load(next);
  } catch (error) {
    answer = t("failed", { why: /** @type {Error} */ (error).message });
    element("room").classList.add("flat");
    return show();
  }
  const built = stage;
  built.scene.add(...hands);
  for (const hand of hands) hand.visible = false;
  around = new Around(built);
  if (world) built.show(world);
  if (moving) built.move(moving);
  if (now) follow(now);
  for (const projector of lights.keys()) void throwLight(projector);
  let before = 0;
  built.renderer.setAnimationLoop((time) => {
    if (built.crowd?.pass(Math.min(0.1, (time - before) / 1000))) built.dirty = true;
    before = time;
    around?.follow();
    built.draw();
  });
  element("room").dataset["ready"] = "yes";
}

/** @param {Snapshot} next */
function follow(next) {
  const before = now;
  now = next;
  if (!stage) return;
  if (before?.viewpoint !== next.viewpoint || !before) {
    stage.stand(next.viewpoint);
    stage.look(next.comfort, 0, DOWN);
  }
  stage.mark(next.seen);
  stage.visit(next.disturbance === "visitor");
  stage.crowd?.show(next.comfort.crowd);
  around?.show(next.open?.showing === "panorama" ? next.open.panorama : "", null, true);
  stage.dirty = true;
}

/** @param {Pose} pose */
function see(pose) {
  last = pose;
  map();
  if (!stage) return;
  const [x = 0, y = 0, z = 0, qx = 0, qy = 0, qz = 0, qw = 1] = pose.head;
  if (!above) {
    stage.rig.position.set(0, 0, 0);
    stage.rig.rotation.set(0, 0, 0);
    stage.camera.position.set(x, y, z);
    stage.camera.quaternion.set(qx, qy, qz, qw);
  }
  hands.forEach((hand, i) => {
    const at = pose.hands[i];
    hand.visible = at !== undefined;
    if (at) hand.position.set(at[0] ?? 0, at[1] ?? 0, at[2] ?? 0);
  });
  const [hand] = hands;
  if (hand?.visible) stage.held.position.copy(hand.position);
  else stage.held.position.set(0.12, -0.13, -0.4).applyMatrix4(stage.camera.matrixWorld);
  stage.point(pose.aim);
  stage.dirty = true;
  element("room").dataset["pose"] = pose.head.map((v) => v.toFixed(3)).join(" ");
}

/** The room from above, with where the eyes are. */
function map() {
  if (scenery) draw(/** @type {HTMLCanvasElement} */ (element("map")), scenery, now?.marks.map((m) => m.place) ?? [], last);
}

/** @param {Element} group @param {readonly {id: string, label: string, act: () => void, main?: boolean}[]} options */
function fill(group, options) {
  const text = JSON.stringify(options.map(({ id, label }) => [id, label]));
  if (/** @type {HTMLElement} */ (group).dataset["shown"] === text) return;
  /** @type {HTMLElement} */ (group).dataset["shown"] = text;
  const at = group.contains(document.activeElement) ? /** @type {HTMLElement} */ (document.activeElement).dataset["option"] : undefined;
  group.replaceChildren(...options.map(({ id, label, act, main }) => {
    const made = document.createElement("button");
    [made.type, made.textContent] = ["button", label];
    made.dataset["option"] = id;
    made.classList.toggle("main", main === true);
    made.addEventListener("click", act);
    return made;
  }));
  if (at) /** @type {HTMLElement | null} */ (group.querySelector(`[data-option="${at}"]`) ?? group.firstElementChild)?.focus();
}

/** Minutes and seconds. @param {number} seconds */
const time = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

function show() {
  if (!now || !scenery || !watch) return write(element("told"), answer || (up ? say("nl", "loading") : say("nl", "lost")));
  const s = now;
  document.documentElement.lang = s.language;
  document.title = `${t("coach")} · ${scenery.title}`;
  write(element("told"), !up ? t("lost") : answer || (watch.inside ? "" : t("nobody")));
  write(element("job"), `${t("coach")} · ${scenery.title}`);
  write(element("unreal"), t("simulated"));
  element("unreal").hidden = !s.unreal;
  write(element("person"), watch.person);
  element("left").hidden = s.phase !== "inside";
  write(element("left"), time(s.left));
  write(element("sees"), t("coachSees"));
  const { title, lines } = screen(s, scenery);
  map();
  element("map").setAttribute("aria-label", t("map"));
  write(element("title"), title);
  write(element("lines"), lines.join(" "));
  write(element("scores-title"), t("scores"));
  write(element("scores"), watch.scores.map(({ at, value }) => `${time(at)}: ${value}`).join(" · ") || t("nothing"));
  const paused = s.paused.includes("coach");
  fill(element("always"), [
    ...(s.phase === "inside" ? [
      paused ? { id: "resume", label: t("resume"), act: () => ask({ asked: "resume" }), main: true }
        : { id: "pause", label: t("pause"), act: () => ask({ asked: "pause" }) },
      { id: "stop", label: t("stop"), act: () => ask({ asked: "stop" }) },
    ] : []),
    { id: "view", label: t(above ? "eyes" : "from"), act: turnView },
  ]);
  element("happen").hidden = s.phase !== "inside" || s.paused.length > 0;
  write(element("happen").querySelector("summary"), t("happen"));
  fill(element("happen").querySelector("div"), s.disturbance
    ? [{ id: "calm", label: t("calm"), act: () => ask({ asked: "calm" }) }]
    : scenery.happenings.map((h) => ({ id: h.kind, label: h.title, act: () => ask({ asked: "disturb", value: h.kind }) })));
  write(element("note-label"), t("note"));
  write(element("keep"), t("keep"));
  write(element("notes-title"), t("notes"));
  const notes = watch.notes.map(({ at, words }) => `${time(at)} ${words}`);
  if (element("notes").dataset["shown"] !== JSON.stringify(notes)) {
    element("notes").dataset["shown"] = JSON.stringify(notes);
    element("notes").replaceChildren(...notes.map((words) => Object.assign(document.createElement("li"), { textContent: words })));
  }
  write(element("name-label"), t("responsibleName"));
  write(element("set-name"), t("setName"));
  write(element("responsible"), scenery.responsible);
  write(element("to-checks"), t("toChecks"));
  element("preparing").hidden = s.phase === "inside";
  write(element("next-label"), t("person"));
  write(element("prepare"), t("prepare"));
}

/** From the participant's eyes, or from above the table. */
function turnView() {
  above = !above;
  if (stage && above) {
    stage.rig.position.set(0, 0, 0);
    stage.rig.rotation.set(0, 0, 0);
    stage.camera.position.set(0, 2.3, 0.35);
    stage.camera.rotation.set(-Math.PI / 2 + 0.15, 0, 0);
    stage.dirty = true;
  } else if (stage && now) {
    stage.stand(now.viewpoint);
    stage.look(now.comfort, 0, DOWN);
    stage.dirty = true;
  }
  show();
}

for (const [form, field, asked] of /** @type {const} */ ([["noting", "note", "note"], ["preparing", "next", "prepare"], ["naming", "name", "respond"]])) {
  element(form).addEventListener("submit", (/** @type {Event} */ event) => {
    event.preventDefault();
    ask({ asked, value: element(field).value.trim() });
    element(field).value = "";
  });
}
show();
