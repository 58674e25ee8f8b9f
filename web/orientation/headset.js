// @ts-check
// The same session in a headset: controllers, hands or gaze point, a panel says what the page says. Nothing moves the
// participant; pause and stop are always on the panel, pause is also on the upper buttons of both controllers, and where
// both hands are held up beside the head.

import {
  BufferGeometry, CanvasTexture, Float32BufferAttribute, Group, Line, LineBasicMaterial, Matrix4, Mesh, MeshBasicMaterial,
  PlaneGeometry, RingGeometry, SphereGeometry, SRGBColorSpace, Vector3,
} from "three";

/**
 * @typedef {import("./stage.js").Stage} Stage
 * @typedef {import("./stage.js").Aim} Aim
 * @typedef {import("./messages.js").Snapshot} Snapshot
 * @typedef {import("./screen.js").Option} Option
 * @typedef {import("./screen.js").Screen & {always: readonly Option[]}} Shown
 * @typedef {{ask: (ask: import("./link.js").Ask) => void, press: (option: Option) => void, aimed: (aim: Aim) => void, turn: (way: number) => void, screen: () => Shown | null}} Hooks
 * @typedef {{option: Option, key: string, x: number, y: number, w: number, h: number}} Button
 * @typedef {{ray: Group, grip: Group, line: Line, ball: Mesh, source: XRInputSource | null, turned: boolean, pressed: boolean, aim: string}} Hand
 */

/** Metres, and where the panel stands before the participant. */
const WIDE = 0.84, HIGH = 0.63;
const PANEL = [-0.82, 1.25, -0.62];
/** Pixels of a metre of the panel. */
const FINE = 1100;
/** Looking at something so long chooses it, s. */
const DWELL = 1.5;
/** Hands that are not lower than this below the eyes, metres, for so long, s, mean pause. */
const RAISED = 0.12, HELD_UP = 1.0;
/** A stick that is pushed this far turns. */
const PUSHED = 0.7;
/** The upper buttons of a controller in the gamepad's standard order. */
const UPPER = [4, 5];
/** Eyes above the floor where the headset does not know the floor, metres. */
const EYES = { seated: 1.2, standing: 1.6 };

export class Headset {
  /** @param {Stage} stage @param {Hooks} hooks */
  constructor(stage, hooks) {
    this.stage = stage;
    this.hooks = hooks;
    /** @type {XRSession | null} */
    this.session = null;
    this.floor = true;
    this.panel = new Panel();
    this.reticle = new Mesh(new RingGeometry(0.008, 0.012, 24), new MeshBasicMaterial({ color: 0x00588f, depthTest: false }));
    this.reticle.renderOrder = 900;
    this.reticle.visible = false;
    stage.camera.add(this.reticle);
    stage.rig.add(this.panel.mesh);
    this.aimedAt = "";
    this.looked = 0;
    this.looking = "";
    /** How long both hands have been up, s. */
    this.raised = 0;
    this.origin = new Vector3();
    this.direction = new Vector3();
    this.turned = new Matrix4();
    this.hand = [this.add(0), this.add(1)];
    /** @type {Promise<boolean>} */
    this.able = navigator.xr?.isSessionSupported("immersive-vr").catch(() => false) ?? Promise.resolve(false);
    /** @type {HTMLButtonElement | null} */
    this.button = null;
  }

  get inside() {
    return this.session !== null;
  }

  /** Put the button for the headset into a group, where the browser has one. @param {HTMLElement} group @param {() => string} label @param {boolean} [wanted] */
  offer(group, label, wanted = true) {
    if (!this.button) {
      this.button = document.createElement("button");
      this.button.type = "button";
      this.button.id = "headset";
      this.button.addEventListener("click", () => void this.enter());
    }
    const made = this.button;
    made.textContent = label();
    void this.able.then((able) => {
      if (able && wanted && made.parentElement !== group) group.append(made);
      else if (!wanted) made.remove();
    });
  }

  async enter() {
    const session = await navigator.xr?.requestSession("immersive-vr", { optionalFeatures: ["local-floor", "hand-tracking"] });
    if (!session) return;
    this.floor = await session.requestReferenceSpace("local-floor").then(() => true, () => false);
    this.stage.renderer.xr.setReferenceSpaceType(this.floor ? "local-floor" : "local");
    this.stage.canvas.dataset["headset"] = "on";
    await this.stage.renderer.xr.setSession(session);
    this.session = session;
    session.addEventListener("visibilitychange", () => {
      if (session.visibilityState !== "visible") this.hooks.ask({ asked: "away" });
    });
    session.addEventListener("end", () => {
      this.session = null;
      this.panel.mesh.visible = this.reticle.visible = false;
      for (const { line, ball } of this.hand) line.visible = ball.visible = false;
      this.stage.rig.position.y = 0;
      this.stage.canvas.dataset["headset"] = "off";
      this.hooks.ask({ asked: "away" });
      this.stage.resize();
    });
    this.hooks.ask({ asked: "enter" });
  }

  /** @param {number} index @returns {Hand} */
  add(index) {
    const ray = this.stage.renderer.xr.getController(index);
    const grip = this.stage.renderer.xr.getControllerGrip(index);
    const points = new BufferGeometry().setAttribute("position", new Float32BufferAttribute([0, 0, 0, 0, 0, -1], 3));
    const line = new Line(points, new LineBasicMaterial({ color: 0x00588f }));
    const ball = new Mesh(new SphereGeometry(0.02, 12, 8), new MeshBasicMaterial({ color: 0x4a6a86 }));
    line.visible = ball.visible = false;
    ray.add(line);
    grip.add(ball);
    this.stage.rig.add(ray, grip);
    /** @type {Hand} */
    const hand = { ray, grip, line, ball, source: null, turned: false, pressed: false, aim: "" };
    ray.addEventListener("connected", ({ data }) => (hand.source = data));
    ray.addEventListener("disconnected", () => (hand.source = null));
    ray.addEventListener("select", () => this.choose(hand));
    return hand;
  }

  /** A pull of the trigger or a pinch: first what the hand is at, then what it points at. @param {Hand} hand */
  choose(hand) {
    hand.grip.getWorldPosition(this.origin);
    const near = hand.source ? this.stage.near(this.origin) : "";
    if (near) return this.hooks.aimed({ kind: "place", id: near, distance: 0 });
    this.cast(hand.ray);
    this.take();
  }

  /** Where a ray of the room starts and goes. @param {import("three").Object3D} from */
  cast(from) {
    this.origin.setFromMatrixPosition(from.matrixWorld);
    this.direction.set(0, 0, -1).transformDirection(from.matrixWorld);
  }

  /** Choose what the last ray meets: the panel comes before what is behind it. */
  take() {
    const button = this.panel.under(this.origin, this.direction);
    if (button) return this.hooks.press(button.option);
    const aim = this.panel.meets ? null : this.stage.aim(this.origin, this.direction);
    if (aim) this.hooks.aimed(aim);
  }

  /** What the last ray meets, as a name; "" for nothing. */
  met() {
    const button = this.panel.under(this.origin, this.direction);
    if (button) return button.key;
    return this.panel.meets ? "" : this.stage.aim(this.origin, this.direction)?.id ?? "";
  }

  /** @param {number} seconds since the last frame @param {Snapshot | null} now */
  frame(seconds, now) {
    if (!this.session || !now) return;
    const { stage } = this;
    stage.rig.position.y = now.comfort.lift_cm / 100 + (this.floor ? 0 : EYES[now.comfort.posture]);
    this.panel.show(this.hooks.screen(), now.comfort.hand === "left" ? -1 : 1);
    this.aimedAt = "";
    let hands = 0, up = 0;
    for (const hand of this.hand) {
      const there = hand.source !== null && hand.ray.visible;
      hand.line.visible = hand.ball.visible = there;
      if (!there) continue;
      hands++;
      if (hand.ray.position.y > stage.camera.position.y - RAISED) up++;
      this.cast(hand.ray);
      hand.aim = this.met();
      if (hand.aim) this.aimedAt = hand.aim;
      this.stick(hand, now);
    }
    this.gesture(up === 2 ? seconds : 0, now);
    this.gaze(seconds, now.comfort.dwell || hands === 0);
    stage.point(this.aimedAt);
    this.panel.point(this.aimedAt);
  }

  /** Both hands up is pause, once until they come down. @param {number} seconds that they were up; 0: they are not @param {Snapshot} now */
  gesture(seconds, now) {
    const before = this.raised;
    this.raised = seconds ? before + seconds : 0;
    if (before < HELD_UP && this.raised >= HELD_UP && !now.paused.length) this.hooks.ask({ asked: "pause" });
  }

  /** Looking at something for a while chooses it, where that is wanted or nothing else is at hand. @param {number} seconds @param {boolean} wanted */
  gaze(seconds, wanted) {
    this.reticle.visible = wanted;
    if (!wanted) return;
    this.cast(this.stage.camera);
    const met = this.met();
    this.looked = met && met === this.looking ? this.looked + seconds : 0;
    this.looking = met;
    if (met) this.aimedAt = met;
    this.reticle.position.set(0, 0, -0.6);
    this.reticle.scale.setScalar(1 + 2 * Math.max(0, 1 - this.looked / DWELL) * (met ? 1 : 0));
    if (this.looked < DWELL) return;
    this.looked = -DWELL; // the same thing again only after a longer look
    this.take();
  }

  /** @param {Hand} hand @param {Snapshot} now */
  stick(hand, now) {
    const pad = hand.source?.gamepad;
    if (!pad) return;
    const across = pad.axes[2] ?? pad.axes[0] ?? 0;
    if (Math.abs(across) > PUSHED && !hand.turned) this.hooks.turn(across < 0 ? 1 : -1);
    hand.turned = Math.abs(across) > PUSHED;
    let pressed = false;
    for (let i = 0; i < UPPER.length; i++) pressed ||= pad.buttons[UPPER[i] ?? 0]?.pressed === true;
    if (pressed && !hand.pressed) this.hooks.ask({ asked: now.paused.length ? "resume" : "pause" });
    hand.pressed = pressed;
  }

  /** Put what is held into the hand that is used. @param {Group} held @returns {boolean} whether a hand is there */
  holds(held) {
    let hand = null;
    for (let i = 0; this.session && i < 2; i++) {
      const each = this.hand[i];
      if (each?.source && each.grip.visible && (!hand || each.source.handedness === "right")) hand = each;
    }
    if (!hand) return false;
    hand.grip.getWorldPosition(held.position);
    hand.grip.getWorldQuaternion(held.quaternion);
    return true;
  }

  /** Position and turn of each hand, in the room. @returns {number[][]} */
  hands() {
    if (!this.session) return [];
    return this.hand.filter((h) => h.source && h.ray.visible).map(({ ray }) => {
      const { x, y, z } = this.origin.setFromMatrixPosition(ray.matrixWorld);
      this.stage.spin.setFromRotationMatrix(this.turned.extractRotation(ray.matrixWorld));
      return [x, y, z, ...this.stage.spin.toArray()];
    });
  }
}

/** What the page says, on a board that stands before the participant at the side of the free hand. */
class Panel {
  constructor() {
    this.canvas = Object.assign(document.createElement("canvas"), { width: Math.round(WIDE * FINE), height: Math.round(HIGH * FINE) });
    this.context = this.canvas.getContext("2d");
    this.texture = new CanvasTexture(this.canvas);
    this.texture.colorSpace = SRGBColorSpace;
    this.mesh = new Mesh(new PlaneGeometry(WIDE, HIGH), new MeshBasicMaterial({ map: this.texture }));
    this.mesh.visible = false;
    /** @type {Button[]} */
    this.buttons = [];
    /** @type {Shown | null} what was drawn last, and what was aimed at then */
    this.drawn = null;
    this.drawnAimed = "";
    this.aimed = "";
    /** @type {Shown | null} */
    this.shown = null;
    /** Whether the last ray met it at all. */
    this.meets = false;
    this.inverse = new Matrix4();
    this.from = new Vector3();
    this.along = new Vector3();
  }

  /** @param {Shown | null} shown @param {number} side 1: at the left, for a right hand */
  show(shown, side) {
    this.mesh.visible = shown !== null;
    if (!shown) return;
    this.mesh.position.set((PANEL[0] ?? 0) * side, PANEL[1] ?? 0, PANEL[2] ?? 0);
    this.mesh.rotation.set(0, 0.9 * side, 0);
    this.shown = shown;
    this.draw();
  }

  /** @param {string} aimed key of a button, or something else */
  point(aimed) {
    this.aimed = "";
    for (let i = 0; i < this.buttons.length; i++) if (this.buttons[i]?.key === aimed) this.aimed = aimed;
    this.draw();
  }

  /** Draw, when it has changed. */
  draw() {
    const { context: c, shown } = this;
    if (!shown || !c) return;
    // The page makes a new one only when something changed: nothing is compared, and nothing made, in other frames.
    if (shown === this.drawn && this.aimed === this.drawnAimed) return;
    [this.drawn, this.drawnAimed] = [shown, this.aimed];
    const { width, height } = this.canvas;
    c.fillStyle = "#ffffff";
    c.fillRect(0, 0, width, height);
    c.strokeStyle = "#00588f";
    c.lineWidth = 8;
    c.strokeRect(4, 4, width - 8, height - 8);
    c.fillStyle = "#14202b";
    c.textBaseline = "top";
    let y = this.text(shown.title, 30, 24, 46, true);
    // Many words are written smaller, so that the buttons fit.
    const size = shown.lines.join(" ").length > 260 ? 27 : 34;
    for (const line of shown.lines) y = this.text(line, 30, y + 4, size, false);
    this.buttons = [];
    let x = 30;
    y += 14;
    for (const option of shown.options) {
      const small = option.many === true;
      c.font = `700 ${small ? 34 : 32}px "Noto Sans", sans-serif`;
      const w = small ? 76 : Math.min(width - 60, c.measureText(option.label).width + 44);
      if (x + w > width - 24) [x, y] = [30, y + 76];
      this.button(option, x, y, w, 66);
      x += w + 12;
    }
    x = 30;
    for (const option of shown.always) {
      c.font = '700 34px "Noto Sans", sans-serif';
      this.button(option, x, height - 92, 230, 70);
      x += 246;
    }
    this.texture.needsUpdate = true;
  }

  /** Words in lines that fit; returns where the next begin. @param {string} text @param {number} x @param {number} y @param {number} size @param {boolean} bold */
  text(text, x, y, size, bold) {
    const c = this.context;
    if (!c) return y;
    c.font = `${bold ? 700 : 400} ${size}px "Noto Sans", sans-serif`;
    let line = "";
    for (const word of text.split(" ")) {
      const longer = line ? `${line} ${word}` : word;
      if (line && c.measureText(longer).width > this.canvas.width - 2 * x) {
        c.fillText(line, x, y);
        [line, y] = [word, y + size * 1.25];
      } else line = longer;
    }
    c.fillText(line, x, y);
    return y + size * 1.25;
  }

  /** @param {Option} option @param {number} x @param {number} y @param {number} w @param {number} h */
  button(option, x, y, w, h) {
    const c = this.context;
    if (!c) return;
    const key = `option:${option.id}`;
    const aimed = key === this.aimed;
    c.beginPath();
    c.roundRect(x, y, w, h, 16);
    c.fillStyle = option.main ? "#00588f" : aimed ? "#d8ecfa" : "#eef2f5";
    c.fill();
    c.lineWidth = aimed || option.pressed ? 8 : 3;
    c.strokeStyle = aimed ? "#14202b" : "#00588f";
    c.stroke();
    c.fillStyle = option.main ? "#ffffff" : "#14202b";
    c.textAlign = "center";
    c.textBaseline = "middle";
    c.fillText(option.label, x + w / 2, y + h / 2, w - 16);
    c.textAlign = "left";
    c.textBaseline = "top";
    this.buttons.push({ option, key, x, y, w, h });
  }

  /** The button that a ray of the room meets. @param {Vector3} origin @param {Vector3} direction @returns {Button | null} */
  under(origin, direction) {
    this.meets = false;
    if (!this.mesh.visible) return null;
    this.mesh.updateWorldMatrix(true, false);
    this.inverse.copy(this.mesh.matrixWorld).invert();
    this.from.copy(origin).applyMatrix4(this.inverse);
    this.along.copy(direction).transformDirection(this.inverse);
    const far = -this.from.z / this.along.z;
    if (!(far > 0)) return null;
    const x = this.from.x + far * this.along.x, y = this.from.y + far * this.along.y;
    this.meets = Math.abs(x) <= WIDE / 2 && Math.abs(y) <= HIGH / 2;
    if (!this.meets) return null;
    const px = (x + WIDE / 2) * FINE, py = (HIGH / 2 - y) * FINE;
    for (let i = 0; i < this.buttons.length; i++) {
      const b = this.buttons[i];
      if (b && px >= b.x && px <= b.x + b.w && py >= b.y && py <= b.y + b.h) return b;
    }
    return null;
  }
}
