// @ts-check
// The participant's page: the room, what is said in it, and everything one can do there, by mouse, touch or keys. The
// headset (headset.js) is one more way to do the same.

import { Vector3 } from "three";
import { element, write } from "../core/page.js";
import { canRead, hush, read } from "../questions/aloud.js";
import { Around } from "./around.js";
import { Asking } from "./asking.js";
import { Headset } from "./headset.js";
import { connect } from "./link.js";
import { RoomSound } from "./room.js";
import { always, screen as screenOf } from "./screen.js";
import { Stage } from "./stage.js";
import { Veil } from "./veil.js";
import { say } from "./words.js";

/**
 * @typedef {import("./messages.js").Snapshot} Snapshot
 * @typedef {import("./messages.js").Scenery} Scenery
 * @typedef {import("./messages.js").Comfort} Comfort
 * @typedef {import("./screen.js").Option} Option
 * @typedef {import("./words.js").Word} Word
 * @typedef {import("./stage.js").Aim} Aim
 * @typedef {import("./screen.js").Screen} Screen
 */

/** Poses sent in a second, while somebody looks on. */
const POSES = 10;
/** A press that moved less than this is a click, pixels. */
const STILL = 6;
/** How far one can look up and down, rad. */
const TILT = [-1.2, 0.6];
/** How far down the eyes look at first, rad. */
const DOWN = -0.42;
const RADIANS = Math.PI / 180;

/** @type {Snapshot | null} */
let now = null;
/** @type {Scenery | null} */
let scenery = null;
/** @type {Stage | null} */
let stage = null;
/** @type {import("./messages.js").World | null} */
let world = null;
/** @type {import("./messages.js").Moving | null} */
let moving = null;
/** @type {Around | null} */
let around = null;
/** The study's questions, while they are asked on the panel in the headset. @type {Asking | null} */
let asking = null;
/** What is on the panel in the headset: a new one only when something changed. @type {Screen & {always: readonly Option[]} | null} */
let panel = null;
let caption = "", broken = false;
let up = false;
let taken = false;
let failed = "";
let [turn, tilt] = [0, DOWN];
let aimed = "";
let answer = "";
const veil = new Veil();
const sound = new RoomSound();
const language = () => now?.language ?? scenery?.language ?? (navigator.language.startsWith("nl") ? "nl" : "en");
/** @param {Word} word @param {Record<string, string | number>} [values] */
const t = (word, values) => say(language(), word, values);

const link = connect("/orientation/talk", {
  onMessage(message) {
    if (message.type === "taken") taken = true;
    else if (message.type === "scenery") enter(message);
    else if (message.type === "world") stage?.show(world = message);
    else if (message.type === "moving") return stage ? stage.move(moving = message) : void (moving = message);
    else if (message.type === "refused") answer = t("refused", { why: message.why });
    else if (message.type === "session") follow(message);
    show();
  },
  onLight(projector, picture) {
    lights.set(projector, picture);
    void throwLight(projector);
  },
  onLink(now) {
    up = now;
    if (now) taken = false;
    show();
  },
});
/** The newest picture of each projector: it may come before the room is there. @type {Map<number, Blob>} */
const lights = new Map();

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
  sound.start();
  if (!link.ask(ask)) show();
}

/** The room comes, or its words in another language. @param {Scenery} next */
async function enter(next) {
  const first = scenery === null;
  scenery = next;
  if (!first) return stage?.put(next);
  try {
    stage = new Stage(element("room"));
  } catch {
    failed = t("noWebgl");
    element("room").classList.add("flat");
    return show();
  }
  try {
    const built = stage;
    await built.load(next);
    built.camera.add(veil.mesh);
    around = new Around(built);
    if (world) built.show(world);
    if (moving) built.move(moving);
    if (now) settle(now, null);
    for (const projector of lights.keys()) void throwLight(projector);
    headset = new Headset(built, { ask, press, aimed: choose, turn: snap, screen: () => panel });
    headset.offer(element("options"), () => t("headset"));
    built.renderer.setAnimationLoop(frame);
    element("room").dataset["ready"] = "yes";
  } catch (error) {
    failed = t("failed", { why: /** @type {Error} */ (error).message });
    show();
  }
}
/** @type {Headset | null} */
let headset = null;

let before = 0;
/** @param {number} time ms @param {XRFrame} [xr] in a headset */
function frame(time, xr) {
  if (!stage) return;
  const seconds = Math.min(0.1, (time - before) / 1000);
  before = time;
  if (veil.pass(seconds)) stage.dirty = true;
  if (stage.crowd?.pass(seconds)) stage.dirty = true;
  if (xr) headset?.frame(seconds, now);
  else if (now) stage.look(now.comfort, turn, tilt);
  hold();
  around?.follow();
  stage.draw();
}

/** What the hand holds is before the eyes, at the hand's side; in the headset it is in the hand. */
function hold() {
  if (!stage || headset?.holds(stage.held)) return;
  const side = now?.comfort.hand === "left" ? -1 : 1;
  stage.camera.updateMatrixWorld();
  stage.held.position.set(0.12 * side, -0.13, -0.4).applyMatrix4(stage.camera.matrixWorld);
  stage.camera.getWorldQuaternion(stage.held.quaternion);
}

/** @param {Snapshot} next */
function follow(next) {
  const before = now;
  now = next;
  if (stage) settle(next, before);
}

/** Bring the room to what the session says. @param {Snapshot} s @param {Snapshot | null} before */
function settle(s, before) {
  if (!stage) return;
  const room = stage;
  if (!before || before.viewpoint !== s.viewpoint) {
    veil.behind(s.comfort.fade && before !== null, () => {
      room.stand(s.viewpoint);
      [turn, tilt] = [0, DOWN];
    });
  }
  if (!before || before.comfort.light !== s.comfort.light) room.dim(s.comfort.light);
  room.mark(s.seen);
  room.visit(s.disturbance === "visitor");
  room.crowd?.show(s.comfort.crowd);
  play(s);
  sound.set(s.phase === "inside" && !s.paused.length ? s.comfort.sound : 0, s.disturbance === "noise");
  if (s.comfort.aloud) aloud(s);
  else if (before?.comfort.aloud) hush();
  room.dirty = true;
}

const video = /** @type {HTMLVideoElement} */ (element("video"));
const voice = new Audio();

/** @param {Snapshot} s @param {Scenery} sc @returns {Screen} */
function screen(s, sc) {
  return screenOf(s, sc, {
    headset: headset?.inside === true, listen: canRead(s.language, false), muted: video.muted, caption, broken,
  });
}

/** The video and the picture of the hot spot that is open: on the page, around the eyes, or on a board. @param {Snapshot} s */
function play(s) {
  const open = s.phase === "inside" && !s.paused.length ? s.open : null;
  const wanted = open?.showing === "video" ? open.video : "";
  if (wanted !== (video.getAttribute("src") ?? "")) {
    [caption, broken] = ["", false];
    if (wanted && open) {
      // Without sound at first: browsers play nothing else unasked, and nobody is startled.
      video.muted = true;
      const track = Object.assign(document.createElement("track"), { kind: "captions", srclang: s.language, src: open.captions, default: true });
      track.addEventListener("cuechange", () => {
        caption = [...(track.track.activeCues ?? [])].map((cue) => ("text" in cue ? cue.text : "")).join(" ");
        show();
      });
      video.replaceChildren(...(open.captions ? [track] : []));
      video.src = wanted;
      video.play().catch(() => {}); // what is wrong is told by its "error"
    } else {
      video.pause();
      video.removeAttribute("src");
      video.replaceChildren();
      video.load();
    }
  }
  const flat = wanted !== "" && open?.around === false;
  video.hidden = !flat || headset?.inside === true;
  const board = headset?.inside && open && !open.showing ? open.picture : "";
  if (open?.showing === "panorama") around?.show(open.panorama, null, true);
  else if (wanted && (!flat || headset?.inside)) around?.show("", video, !flat);
  else around?.show(board, null, false);
  if (!open) voice.pause();
}

video.addEventListener("error", () => {
  if (!video.getAttribute("src")) return;
  broken = true;
  show();
});

/** @type {Record<import("./screen.js").Local, () => void>} */
const locals = {
  listen() {
    if (!now || !scenery || !now.open) return;
    hush();
    voice.pause();
    if (!now.open.audio) return read(now.open.lines.join(" "), now.language, false);
    voice.src = now.open.audio;
    voice.play().catch(() => {
      broken = true;
      show();
    });
  },
  questions() {
    asking = new Asking(language(), show);
    void asking.begin();
  },
  sound() {
    video.muted = !video.muted;
    show();
  },
};

/** Do what a button is for. @param {Option} option */
function press({ ask: wish, local, act }) {
  if (act) act();
  else if (local) locals[local]();
  else if (wish) ask(wish);
}

let heard = "";
/** Read what is new on the screen. @param {Snapshot} s */
function aloud(s) {
  if (!scenery) return;
  const { title, lines } = screen(s, scenery);
  const text = [title, ...lines].join(". ");
  if (text === heard) return;
  heard = text;
  read(text, s.language, false);
}

/** Do what is there to do at what was chosen. @param {Aim} aim */
function choose(aim) {
  if (aim.kind === "place") ask({ asked: "act", value: aim.id });
  else if (aim.kind === "spot") ask({ asked: "open", value: aim.id });
  else ask({ asked: "go", value: aim.id });
}

/** Turn by one step: +1 left, -1 right. @param {number} way */
function snap(way) {
  if (!now) return;
  veil.turning(now.comfort.vignette_deg);
  const step = way * Number(now.comfort.turn_deg) * RADIANS;
  if (stage && headset?.inside) stage.rig.rotation.y += step;
  else turn += step;
  if (stage) stage.dirty = true;
}

// The page beside the room.

/** @param {Option} option @returns {HTMLButtonElement} */
function button(option) {
  const { id, label, main, pressed, many } = option;
  const made = document.createElement("button");
  [made.type, made.textContent] = ["button", label];
  made.dataset["option"] = id;
  made.classList.toggle("main", main === true);
  made.classList.toggle("many", many === true);
  if (pressed !== undefined) made.setAttribute("aria-pressed", String(pressed));
  made.addEventListener("click", () => press(option));
  return made;
}

/** @type {WeakMap<Element, string>} */
const filled = new WeakMap();
/** Fill a group of buttons, when it changed; who is at one of them stays there. @param {Element} group @param {readonly Option[]} options */
function fill(group, options) {
  const text = JSON.stringify(options);
  if (filled.get(group) === text) return;
  filled.set(group, text);
  const at = /** @type {HTMLElement | null} */ (group.contains(document.activeElement) ? document.activeElement : null);
  group.replaceChildren(...options.map(button));
  if (!at) return;
  // After a place was chosen, the next one to reach is the first.
  const same = at.dataset["option"]?.startsWith("place-") ? null : group.querySelector(`[data-option="${at.dataset["option"]}"]`);
  /** @type {HTMLElement | null} */ (same ?? group.firstElementChild)?.focus();
}

/** A list that can be opened. @param {string} id @param {string} title @param {readonly Option[]} options */
function list(id, title, options) {
  const details = element(id);
  details.hidden = options.length === 0;
  write(details.querySelector("summary"), title);
  fill(details.querySelector("div"), options);
}

/** @param {Snapshot} s @param {Scenery} sc */
function lists(s, sc) {
  const free = s.phase === "inside" && !s.paused.length && !s.question;
  const none = /** @type {Option[]} */ ([]);
  list("topics", t("topics"), free ? sc.spots.map((spot) => ({
    id: `spot-${spot.id}`, label: `${s.seen.includes(spot.id) ? "✓ " : ""}${spot.title}`, ask: { asked: "open", value: spot.id },
    pressed: s.open?.id === spot.id,
  })) : none);
  const lit = new Set(s.marks.map((m) => m.place));
  // Where to reach comes first: what lies in the hand decides whether that is a bin or the case, and light comes before.
  const rank = (/** @type {import("./messages.js").Place} */ p) => (lit.has(p.id) ? 0 : 2) + ((p.kind === "slot") === Boolean(s.held) ? 0 : 1);
  const places = sc.places.filter((p) => p.kind !== "tray" || lit.has(p.id)).sort((a, b) => rank(a) - rank(b));
  list("places", s.held ? t("putDown") : t("take"), free && s.view === "own" ? places.map(({ id, kind, name }) => ({
    id: `place-${id}`, label: `${kind === "bin" ? name : kind === "tray" ? t("tray") : t("slot", { number: id.replace(/\D+/, "") })}${lit.has(id) ? ` ● ${t("lit")}` : ""}`,
    ask: { asked: "act", value: id }, main: lit.has(id),
  })) : none);
  list("stand", t("stand"), free ? sc.viewpoints.map((v) => ({
    id: `view-${v.id}`, label: v.name, ask: { asked: "go", value: v.id }, pressed: v.id === s.viewpoint,
  })) : none);
  list("happen", t("happen"), free && !s.disturbance ? sc.happenings.map((h) => ({
    id: `happen-${h.kind}`, label: h.title, ask: { asked: "disturb", value: h.kind },
  })) : none);
  list("help", t("help"), free && s.view === "own" ? sc.levels.map((level) => ({
    id: `level-${level}`, label: t(/** @type {Word} */ (level)), ask: { asked: "level", value: level }, pressed: level === s.level,
  })) : none);
}

/** @type {[keyof Comfort, readonly string[] | "yes"][]} */
const SETTINGS = [
  ["posture", ["seated", "standing"]], ["lift_cm", ["-20", "-10", "0", "10", "20", "30"]], ["hand", ["right", "left"]],
  ["turn_deg", ["30", "45", "90"]], ["vignette_deg", ["50", "70", "90", "110"]], ["fade", "yes"],
  ["sound", ["0", "20", "40", "60", "80", "100"]], ["crowd", ["0", "2", "4", "6"]], ["light", ["40", "60", "80", "100"]], ["dwell", "yes"], ["aloud", "yes"],
];

/** @param {Snapshot} s */
function comfort(s) {
  const text = JSON.stringify([s.comfort, s.language]);
  const box = element("settings");
  if (filled.get(box) === text) return;
  filled.set(box, text);
  const at = document.activeElement instanceof HTMLElement ? document.activeElement.dataset["setting"] : undefined;
  box.replaceChildren(...SETTINGS.map(([name, values]) => {
    const row = document.createElement("label");
    row.append(t(name));
    const value = String(s.comfort[name]);
    const input = values === "yes" ? document.createElement("input") : document.createElement("select");
    if (input instanceof HTMLInputElement) [input.type, input.checked] = ["checkbox", value === "true"];
    else {
      for (const each of values === "yes" ? [] : values) {
        const word = each === "left" ? t("left_hand") : /^[a-z]+$/.test(each) ? t(/** @type {Word} */ (each)) : each;
        input.append(new Option(word, each, false, each === value));
      }
    }
    input.dataset["setting"] = name;
    input.addEventListener("change", () => ask({
      asked: "set", setting: name, value: input instanceof HTMLInputElement ? String(input.checked) : input.value,
    }));
    row.append(input);
    return row;
  }));
  if (at) /** @type {HTMLElement | null} */ (box.querySelector(`[data-setting="${at}"]`))?.focus();
}

/** @param {Snapshot} s */
function card(s) {
  element("card").hidden = s.card === null;
  if (!s.card) return;
  write(element("card-title"), t("card"));
  const lists = /** @type {const} */ ([["cardSeen", s.card.seen], ["cardLiked", s.card.liked], ["cardAsked", s.card.asked]]);
  const text = JSON.stringify([s.card, s.language]);
  if (filled.get(element("card-list")) !== text) {
    filled.set(element("card-list"), text);
    element("card-list").replaceChildren(...lists.flatMap(([word, titles]) => {
      const [term, what] = [document.createElement("dt"), document.createElement("dd")];
      [term.textContent, what.textContent] = [t(word), titles.join(", ") || t("nothing")];
      return [term, what];
    }));
  }
  write(element("card-packed"), t("cardPacked", { packed: s.card.packed, minutes: s.card.minutes }));
  write(element("print"), t("print"));
  write(element("to-questions"), t("questions"));
  element("to-questions").hidden = !scenery?.questions;
}

/** What stands above everything: what is wrong, or is to be known now. */
function notice() {
  if (taken) return t("taken");
  if (failed) return failed;
  if (!up && scenery) return t("lost");
  if (!scenery || !now) return t("loading");
  if (answer) return answer;
  return now.nearly_over && !now.question ? t("nearlyOver") : "";
}

let shown = "";
function show() {
  document.documentElement.lang = language();
  write(element("told"), notice());
  if (taken) element("told").append(" ", retry());
  if (!now || !scenery) return;
  const s = now;
  write(element("job"), scenery.title);
  document.title = scenery.title;
  write(element("unreal"), t("simulated"));
  element("unreal").hidden = !s.unreal;
  element("left").hidden = s.phase !== "inside";
  write(element("left"), t("left", { minutes: Math.ceil(s.left / 60) }));
  element("watched").hidden = s.phase !== "inside";
  write(element("watched"), t(s.watched ? "watched" : "alone"));
  element("watched").classList.toggle("calm", s.watched);
  const { title, lines, picture, alt, options } = screen(s, scenery);
  write(element("title"), title);
  const text = JSON.stringify(lines);
  if (filled.get(element("lines")) !== text) {
    filled.set(element("lines"), text);
    element("lines").replaceChildren(...lines.map((line) => Object.assign(document.createElement("p"), { textContent: line })));
  }
  const image = element("picture");
  image.hidden = !picture || s.open?.showing === "video";
  if (picture && image.getAttribute("src") !== picture) image.src = picture;
  image.alt = alt ?? "";
  fill(element("options"), options);
  fill(element("always"), always(s));
  element("always").setAttribute("aria-label", `${t("pause")}, ${t("stop")}`);
  if (asking && !headset?.inside) asking = null;
  panel = { ...(asking ? asking.show() : screen(s, scenery)), always: always(s) };
  headset?.offer(element("options"), () => t("headset"), s.phase === "before");
  lists(s, scenery);
  comfort(s);
  card(s);
  write(element("comfort").querySelector("summary"), t("comfort"));
  write(element("keys"), t("keys"));
  write(element("stop-room"), t("stopRoom"));
  write(element("to-checks"), t("toChecks"));
  element("room").setAttribute("aria-label", scenery.title);
  tongues(s, scenery);
  // A new question or topic takes the reader there; what merely changes does not.
  const kind = [s.phase, s.paused.length > 0, s.question, s.open?.id].join();
  if (shown && kind !== shown) element("title").focus({ preventScroll: true });
  shown = kind;
}

function retry() {
  const made = document.createElement("button");
  [made.type, made.textContent] = ["button", t("tryAgain")];
  made.addEventListener("click", () => {
    taken = false;
    link.again();
    show();
  });
  return made;
}

/** @param {Snapshot} s @param {Scenery} sc */
function tongues(s, sc) {
  element("languages").setAttribute("aria-label", t("languages"));
  fill(element("languages"), sc.languages.map((each) => ({
    id: `language-${each}`, label: say(each, "name"), ask: { asked: "set", setting: "language", value: each }, pressed: each === s.language,
  })));
}

// Mouse, touch and keys in the room.

const room = /** @type {HTMLCanvasElement} */ (element("room"));
const origin = new Vector3();
const direction = new Vector3();

/** @param {PointerEvent} event @returns {Aim | null} */
function under(event) {
  if (!stage) return null;
  const box = room.getBoundingClientRect();
  stage.camera.getWorldPosition(origin);
  direction.set(2 * (event.clientX - box.left) / box.width - 1, 1 - 2 * (event.clientY - box.top) / box.height, 0.5);
  return stage.aim(origin, direction.unproject(stage.camera).sub(origin).normalize());
}

/** @type {{x: number, y: number, far: number} | null} */
let dragged = null;
room.addEventListener("pointerdown", (event) => {
  dragged = { x: event.clientX, y: event.clientY, far: 0 };
  room.setPointerCapture(event.pointerId);
});
room.addEventListener("pointermove", (event) => {
  if (dragged) {
    const [dx, dy] = [event.clientX - dragged.x, event.clientY - dragged.y];
    dragged = { x: event.clientX, y: event.clientY, far: dragged.far + Math.hypot(dx, dy) };
    turn += dx * 0.004;
    tilt = Math.min(TILT[1] ?? 0, Math.max(TILT[0] ?? 0, tilt + dy * 0.004));
    if (stage) stage.dirty = true;
    return;
  }
  point(under(event)?.id ?? "");
});
room.addEventListener("pointerup", (event) => {
  const clicked = dragged !== null && dragged.far < STILL;
  dragged = null;
  const aim = clicked ? under(event) : null;
  if (aim) choose(aim);
});
room.addEventListener("pointercancel", () => (dragged = null));

/** @param {string} id */
function point(id) {
  if (id === aimed) return;
  aimed = id;
  stage?.point(id);
}

document.addEventListener("keydown", (event) => {
  const typing = event.target instanceof HTMLSelectElement || event.target instanceof HTMLInputElement;
  if (event.repeat || event.ctrlKey || event.metaKey || event.altKey || typing || now?.phase !== "inside") return;
  if (event.key === "ArrowLeft") snap(1);
  else if (event.key === "ArrowRight") snap(-1);
  else if (event.key === "p" || event.key === "P") ask({ asked: now.paused.length ? "resume" : "pause" });
  else if (event.key === "Escape") ask({ asked: "stop" });
  else return;
  event.preventDefault();
});

document.addEventListener("visibilitychange", () => {
  if (document.hidden) link.ask({ asked: "away" }); // who comes back goes on by the own choice
});
element("print").addEventListener("click", () => print());
element("picture").addEventListener("error", () => (element("picture").hidden = true));

setInterval(() => {
  if (!stage || !now?.watched || now.phase !== "inside") return;
  const { camera } = stage;
  camera.getWorldPosition(origin);
  camera.getWorldQuaternion(stage.spin);
  const { x, y, z, w } = stage.spin;
  link.pose({ type: "pose", head: [origin.x, origin.y, origin.z, x, y, z, w], hands: headset?.hands() ?? [], aim: headset?.aimedAt || aimed });
}, 1000 / POSES);

show();

// For tests and measurements, which look at what is drawn.
export { frame, headset, now, stage };
