// @ts-check
// The room in three dimensions: the cell from the server's file, the parts where they lie, signs, the projectors' light.
// Both the participant's and the coach's page show it. Things are in the table frame; only the rig is in the room's.

import {
  CanvasTexture, Color, DirectionalLight, DoubleSide, DynamicDrawUsage, Group, HemisphereLight, InstancedMesh,
  Matrix4, Mesh, MeshBasicMaterial, Object3D, PerspectiveCamera, Quaternion, Ray, Raycaster, RingGeometry, Scene, Sphere,
  Sprite, SpriteMaterial, SRGBColorSpace, Vector3, WebGLRenderer, CapsuleGeometry, BoxGeometry, EdgesGeometry, LineSegments,
  LineBasicMaterial,
} from "three";
import { GLTFLoader } from "three/addons/loaders/GLTFLoader.js";
import { Crowd } from "./crowd.js";
import { Light } from "./light.js";
import { Moves } from "./moves.js";

/**
 * @typedef {import("./messages.js").Scenery} Scenery
 * @typedef {import("./messages.js").World} World
 * @typedef {import("./messages.js").Place} Place
 * @typedef {import("./messages.js").Comfort} Comfort
 * @typedef {{kind: "place" | "spot" | "viewpoint", id: string, distance: number}} Aim valid until the next one is asked for
 */

/** Eyes above the floor, metres, of people of medium height. */
const EYES = { seated: 1.2, standing: 1.6 };
/** The room's light: dim enough that the projector is seen, as at a bench. */
const BRIGHT = { sky: 1.5, sun: 1.0 };
/** How far beyond its walls a place can still be pointed at, metres. */
const EASE = 0.002;
/** How far above a place a hand still takes from it, metres. */
const REACH = 0.05;
/** Signs: width and height, metres; and how near a ray must pass. */
const SIGN = [0.3, 0.075];
const NEAR = 0.06;
/** Discs on the floor where one can stand, metres. */
const DISC = 0.25;
/** Parts that may come on top of those of the start: bins are filled again. */
const SPARE = 8;

export class Stage {
  /** @param {HTMLCanvasElement} canvas @throws where the browser cannot draw in three dimensions */
  constructor(canvas) {
    this.renderer = new WebGLRenderer({ canvas, antialias: true });
    this.renderer.xr.enabled = true;
    this.renderer.xr.setFoveation(1);
    this.canvas = canvas;
    this.scene = new Scene();
    this.scene.background = new Color(0xdfe5e8);
    this.camera = new PerspectiveCamera(60, 1, 0.03, 30);
    this.camera.rotation.order = "YXZ";
    /** Where the participant stands, and which way that is turned. */
    this.rig = new Group();
    this.rig.add(this.camera);
    this.sky = new HemisphereLight(0xffffff, 0xb0a898, BRIGHT.sky);
    this.sun = new DirectionalLight(0xffffff, BRIGHT.sun);
    this.sun.position.set(0.8, 3, 1.2);
    this.scene.add(this.rig, this.sky, this.sun);
    /** @type {Object3D} the table frame */
    this.table = new Group();
    /** @type {Map<string, InstancedMesh>} */
    this.parts = new Map();
    /** @type {Map<string, Sprite>} */
    this.signs = new Map();
    /** @type {Map<string, Mesh>} */
    this.discs = new Map();
    /** What a hand holds; the page puts it where the hand is. */
    this.held = new Group();
    /** @type {Mesh | null} */
    this.visitor = null;
    this.ring = new LineSegments(new EdgesGeometry(new BoxGeometry(1, 1, 1)), new LineBasicMaterial({ color: 0x00588f }));
    this.ring.visible = false;
    this.dirty = true;
    this.caster = new Raycaster();
    // Kept for every frame: nothing is made anew while one looks around.
    this.ray = new Ray();
    this.back = new Matrix4();
    this.step = new Matrix4();
    this.spin = new Quaternion();
    this.at = new Vector3();
    this.one = new Vector3(1, 1, 1);
    this.hit = new Vector3();
    this.sphere = new Sphere();
    this.up = new Vector3(0, 0, 1);
    /** @type {Aim} */
    this.found = { kind: "place", id: "", distance: 0 };
    this.pointed = "";
    /** @type {Sprite | undefined} */
    this.glowing = undefined;
    /** @type {readonly string[]} */
    this.standing = [];
    /** @type {Moves | null} */
    this.moves = null;
    /** @type {Crowd | null} */
    this.crowd = null;
    this.calls = this.triangles = -1;
    new ResizeObserver(() => this.resize()).observe(canvas);
  }

  /** Build the room. @param {Scenery} scenery */
  async load(scenery) {
    this.scenery = scenery;
    this.light = new Light(scenery.projectors, scenery.table[2]);
    const file = await new GLTFLoader().loadAsync(scenery.file);
    const root = file.scene.getObjectByName("cell");
    if (!root) throw new Error(`${scenery.file} holds no cell`);
    this.table = root;
    const templates = root.getObjectByName("parts");
    templates?.removeFromParent();
    root.traverse((each) => this.paint(each));
    for (const template of templates?.children ?? []) {
      if (!(template instanceof Mesh)) continue;
      this.paint(template);
      const kind = template.name.replace(/^part_/, "");
      const room = 64 + SPARE;
      const copies = new InstancedMesh(template.geometry, template.material, room);
      copies.instanceMatrix.setUsage(DynamicDrawUsage);
      copies.frustumCulled = false;
      copies.count = 0;
      this.parts.set(kind, copies);
      root.add(copies);
    }
    const light = this.light;
    this.moves = new Moves(root, scenery.joints);
    this.crowd = new Crowd(this.scene, (color) => light.material(color));
    root.add(this.ring);
    this.scene.add(file.scene);
    file.scene.updateMatrixWorld(true);
    this.light.place(root.matrixWorld);
    this.scene.add(this.held);
    this.put(scenery);
    this.dirty = true;
  }

  /** Signs and discs, in the scenery's language. @param {Scenery} scenery */
  put(scenery) {
    this.scenery = scenery;
    for (const old of [...this.signs.values(), ...this.discs.values()]) old.removeFromParent();
    this.signs.clear();
    this.discs.clear();
    [this.pointed, this.glowing, this.ring.visible] = ["", undefined, false];
    for (const spot of scenery.spots) {
      const sign = new Sprite(new SpriteMaterial({ map: lettering(spot.title, false), depthTest: true, transparent: true }));
      sign.scale.set(SIGN[0] ?? 0.3, SIGN[1] ?? 0.075, 1);
      sign.position.set(...spot.at);
      this.signs.set(spot.id, sign);
      this.table.add(sign);
    }
    for (const view of scenery.viewpoints) {
      const disc = new Mesh(new RingGeometry(DISC - 0.04, DISC, 40), new MeshBasicMaterial({ color: 0x00588f, side: DoubleSide }));
      disc.position.set(view.at[0], view.at[1], 0.01 - scenery.table[2]);
      this.discs.set(view.id, disc);
      this.table.add(disc);
    }
    this.dirty = true;
  }

  /** Mark a hot spot as seen. @param {readonly string[]} seen */
  mark(seen) {
    for (const spot of this.scenery?.spots ?? []) {
      const sign = this.signs.get(spot.id);
      if (!sign || sign.userData["seen"] === seen.includes(spot.id)) continue;
      sign.userData["seen"] = seen.includes(spot.id);
      sign.material.map?.dispose();
      sign.material.map = lettering(spot.title, seen.includes(spot.id));
      this.dirty = true;
    }
  }

  /** @param {Object3D} thing */
  paint(thing) {
    if (!(thing instanceof Mesh) || !this.light) return;
    const old = thing.material;
    if (old.color) thing.material = this.light.material(old.color);
  }

  /** Put the parts where they lie. @param {World} world */
  show(world) {
    for (const copies of this.parts.values()) copies.count = 0;
    for (const { part, lying } of world.piles) {
      const copies = this.parts.get(part);
      if (!copies) continue;
      copies.count = Math.min(lying.length, copies.instanceMatrix.count);
      for (let i = 0; i < copies.count; i++) {
        const [x = 0, y = 0, z = 0, turn = 0] = lying[i] ?? [];
        this.step.compose(this.at.set(x, y, z), this.spin.setFromAxisAngle(this.up, turn), this.one);
        copies.setMatrixAt(i, this.step);
      }
      copies.instanceMatrix.needsUpdate = true;
    }
    this.standing = world.standing;
    this.moves?.load(world, this.parts);
    this.held.clear();
    const held = world.held ? this.parts.get(world.held) : undefined;
    if (held) this.held.add(new Mesh(held.geometry, held.material));
    this.dirty = true;
  }

  /** Somebody who only looks. @param {boolean} there */
  visit(there) {
    if (there && !this.visitor && this.light) {
      const body = new Mesh(new CapsuleGeometry(0.2, 0.9, 6, 16), this.light.material(new Color(0x6a4a7a)));
      const head = new Mesh(new CapsuleGeometry(0.1, 0.06, 6, 16), this.light.material(new Color(0xc79a78)));
      body.position.set(1.05, 0.72, -1.0);
      head.position.set(0, 0.82, 0);
      body.add(head);
      this.scene.add(body);
      this.visitor = body;
    } else if (!there && this.visitor) {
      this.visitor.removeFromParent();
      this.visitor = null;
    } else return;
    this.dirty = true;
  }

  /** @param {number} percent of the usual light */
  dim(percent) {
    this.sky.intensity = BRIGHT.sky * percent / 100;
    this.sun.intensity = BRIGHT.sun * percent / 100;
    this.dirty = true;
  }

  /** Stand at a viewpoint. @param {string} id */
  stand(id) {
    const view = this.scenery?.viewpoints.find((v) => v.id === id);
    if (!view) return;
    this.rig.position.set(view.at[0], 0, -view.at[1]);
    this.rig.rotation.set(0, view.facing - Math.PI / 2, 0);
    for (const [name, disc] of this.discs) disc.visible = name !== id;
    this.dirty = true;
  }

  /** Eyes at the participant's height, looking down at the table. @param {Comfort} comfort @param {number} turn rad @param {number} tilt rad */
  look(comfort, turn, tilt) {
    this.camera.position.set(0, EYES[comfort.posture] + comfort.lift_cm / 100, 0);
    this.camera.rotation.set(tilt, turn, 0);
  }

  /** Let the arm, trays and hands be where they are. @param {import("./messages.js").Moving} moving */
  move(moving) {
    this.moves?.move(moving);
    this.dirty = true;
  }

  /** What a ray in the room meets first, of all that can be chosen. @param {Vector3} origin @param {Vector3} direction @returns {Aim | null} */
  aim(origin, direction) {
    if (!this.scenery) return null;
    const { spots, places, viewpoints, table } = this.scenery;
    const { ray, found, at, hit } = this;
    this.back.copy(this.table.matrixWorld).invert();
    ray.set(origin, direction).applyMatrix4(this.back);
    found.distance = Infinity;
    for (let i = 0; i < places.length; i++) {
      const place = places[i];
      if (!place || (place.kind === "tray" && !this.standing.includes(place.id))) continue;
      const distance = this.meets(place);
      if (distance >= 0 && distance < found.distance) [found.kind, found.id, found.distance] = ["place", place.id, distance];
    }
    for (let i = 0; i < spots.length; i++) {
      const spot = spots[i];
      if (!spot) continue;
      at.set(spot.at[0], spot.at[1], spot.at[2]);
      const along = hit.copy(at).sub(ray.origin).dot(ray.direction);
      if (along < 0 || along > found.distance) continue;
      ray.at(along, hit).sub(at);
      if (Math.abs(hit.z) > NEAR || Math.hypot(hit.x, hit.y) > (SIGN[0] ?? 0) / 2) continue;
      [found.kind, found.id, found.distance] = ["spot", spot.id, along];
    }
    const fall = (-table[2] - ray.origin.z) / ray.direction.z;
    if (fall > 0 && fall < found.distance) {
      ray.at(fall, hit);
      for (let i = 0; i < viewpoints.length; i++) {
        const view = viewpoints[i];
        if (!view || !this.discs.get(view.id)?.visible) continue;
        if (Math.hypot(hit.x - view.at[0], hit.y - view.at[1]) < DISC * 1.3) [found.kind, found.id, found.distance] = ["viewpoint", view.id, fall];
      }
    }
    return found.distance < Infinity ? found : null;
  }

  /**
   * How far along `ray` (table frame) it meets the place; less than 0: it does not. Places stand wall to wall, so what counts is
   * what is seen through the opening, half way down, and a bin's front with its label; not which wall is in between.
   * @param {Place} place
   */
  meets(place) {
    const cos = Math.cos(place.yaw), sin = Math.sin(place.yaw);
    const { origin: o, direction: d } = this.ray;
    const x = o.x - place.middle[0], y = o.y - place.middle[1], z = o.z - place.middle[2];
    const ox = cos * x + sin * y, oy = cos * y - sin * x;
    const dx = cos * d.x + sin * d.y, dy = cos * d.y - sin * d.x;
    const w = place.size[0] / 2 + EASE, h = place.size[1] / 2 + EASE;
    const down = -z / d.z;
    if (down > 0 && Math.abs(ox + down * dx) <= w && Math.abs(oy + down * dy) <= h) return down;
    const front = (-h - oy) / dy;
    if (place.kind !== "bin" || !(front > 0) || dy < 0) return -1;
    return Math.abs(ox + front * dx) <= w && Math.abs(z + front * d.z) <= place.size[2] / 2 ? front : -1;
  }

  /** The place that holds a point of the room, or is close around it; "" where none is. @param {Vector3} point */
  near(point) {
    this.hit.copy(point).applyMatrix4(this.back.copy(this.table.matrixWorld).invert());
    for (const { id, kind, middle, size, yaw } of this.scenery?.places ?? []) {
      if (kind === "tray" && !this.standing.includes(id)) continue;
      const [x, y] = [this.hit.x - middle[0], this.hit.y - middle[1]];
      const [across, along] = [Math.cos(yaw) * x + Math.sin(yaw) * y, Math.cos(yaw) * y - Math.sin(yaw) * x];
      const high = this.hit.z - middle[2];
      if (Math.abs(across) < size[0] / 2 && Math.abs(along) < size[1] / 2 && Math.abs(high) < size[2] / 2 + REACH) return id;
    }
    return "";
  }

  /** Show what is aimed at. @param {string} id a place's or sign's; "": nothing */
  point(id) {
    if (id === this.pointed) return;
    this.pointed = id;
    const place = this.scenery?.places.find((p) => p.id === id);
    this.ring.visible = place !== undefined;
    if (place) {
      this.ring.position.set(...place.middle);
      this.ring.rotation.set(0, 0, place.yaw);
      this.ring.scale.set(place.size[0] + 0.01, place.size[1] + 0.01, place.size[2] + 0.01);
    }
    this.glowing?.material.color.setHex(0xffffff);
    this.glowing = this.signs.get(id);
    this.glowing?.material.color.setHex(0xbfe6ff);
    this.dirty = true;
  }

  resize() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    if (!width || !height || this.renderer.xr.isPresenting) return;
    this.renderer.setPixelRatio(Math.min(devicePixelRatio, 2));
    this.renderer.setSize(width, height, false);
    this.camera.aspect = width / height;
    // On a narrow page the table must fit too.
    this.camera.fov = this.camera.aspect < 1 ? 80 : 60;
    this.camera.updateProjectionMatrix();
    this.dirty = true;
  }

  /** Draw, where something changed or a headset asks for every frame. @returns {boolean} whether it was drawn */
  draw() {
    if (!this.dirty && !this.renderer.xr.isPresenting) return false;
    this.dirty = false;
    this.renderer.render(this.scene, this.camera);
    const { calls, triangles } = this.renderer.info.render;
    if (calls !== this.calls || triangles !== this.triangles) {
      [this.calls, this.triangles] = [calls, triangles];
      Object.assign(this.canvas.dataset, { calls, triangles });
    }
    return true;
  }
}

/** A sign's face. @param {string} title @param {boolean} seen */
function lettering(title, seen) {
  const canvas = Object.assign(document.createElement("canvas"), { width: 512, height: 128 });
  const context = canvas.getContext("2d");
  if (context) {
    context.fillStyle = "#ffffff";
    context.strokeStyle = "#00588f";
    context.lineWidth = 10;
    context.beginPath();
    context.roundRect(6, 6, 500, 116, 40);
    context.fill();
    context.stroke();
    context.fillStyle = "#14202b";
    context.textAlign = "center";
    context.textBaseline = "middle";
    const text = seen ? `✓ ${title}` : title;
    let size = 62;
    do context.font = `700 ${size}px "Noto Sans", sans-serif`;
    while (context.measureText(text).width > 460 && --size > 20);
    context.fillText(text, 256, 68);
  }
  const texture = new CanvasTexture(canvas);
  texture.colorSpace = SRGBColorSpace;
  return texture;
}
