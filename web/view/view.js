// @ts-check
// The cell in three dimensions, for who sets it up: what the scene file says (shapes, zones, frames) and what the cell
// sees and does now (cloud, people, hands, robot, cues). Everything is in the table frame: x right, y away, z up.

import {
  AxesHelper, BufferAttribute, BufferGeometry, CapsuleGeometry, Color, DirectionalLight, DynamicDrawUsage, GridHelper, Group,
  HemisphereLight, Line, LineBasicMaterial, LineDashedMaterial, LineLoop, Matrix4, Mesh, MeshLambertMaterial, PerspectiveCamera,
  Points, PointsMaterial, Scene, Sprite, SpriteMaterial, CanvasTexture, SRGBColorSpace, Vector3, WebGLRenderer,
} from "three";
import { OrbitControls } from "three/addons/controls/OrbitControls.js";
import { GLTFLoader } from "three/addons/loaders/GLTFLoader.js";
import { line } from "../core/connection.js";
import { element, write } from "../core/page.js";

/**
 * @typedef {import("./messages.js").ViewScene} ViewScene
 * @typedef {import("./messages.js").ViewSnapshot} ViewSnapshot
 * @typedef {import("./messages.js").ViewDown} ViewDown
 * @typedef {import("./messages.js").Outline} Outline
 * @typedef {import("./messages.js").Solid} Solid
 * @typedef {import("./messages.js").Frame} Frame
 */

const MOST = 20000;
const LAYERS = { shapes: "Scene file", cloud: "Camera cloud", robot: "Robot", people: "People and hands", cues: "Light", zones: "Zones", frames: "Frames" };
/** Colours of lines and solids; each layer can be told without them by its shape. */
const INK = { robot: 0x5a7fa0, people: 0xa8641a, hands: 0xd18a2f, cue: 0x1f9bff, intent: 0xc2463b, zone: 0x7a32b8, cloud: 0x66f2c0 };

const canvas = /** @type {HTMLCanvasElement} */ (element("room"));
const renderer = new WebGLRenderer({ canvas, antialias: true });
const scene = new Scene();
scene.background = new Color(0x20272d);
scene.add(new HemisphereLight(0xffffff, 0x8a8378, 2.2), new DirectionalLight(0xffffff, 1.2));
const camera = new PerspectiveCamera(50, 1, 0.02, 30);
camera.up.set(0, 0, 1);
const controls = new OrbitControls(camera, canvas);
controls.listenToKeyEvents(canvas);
const grid = new GridHelper(4, 20, 0x55626d, 0x38434c);
grid.rotation.x = Math.PI / 2;
scene.add(grid);

/** @type {Record<keyof typeof LAYERS, Group>} */
const layers = { shapes: new Group(), cloud: new Group(), robot: new Group(), people: new Group(), cues: new Group(), zones: new Group(), frames: new Group() };
for (const [name, words] of /** @type {[keyof typeof LAYERS, string][]} */ (Object.entries(LAYERS))) {
  scene.add(layers[name]);
  const box = Object.assign(document.createElement("input"), { type: "checkbox", checked: true, id: `show-${name}` });
  box.addEventListener("change", () => {
    layers[name].visible = box.checked;
    draw();
  });
  const label = document.createElement("label");
  label.append(box, words);
  element("layers").append(label);
}

const positions = new BufferAttribute(new Int16Array(3 * MOST), 3);
positions.setUsage(DynamicDrawUsage);
const cloud = new Points(new BufferGeometry().setAttribute("position", positions), new PointsMaterial({ color: INK.cloud, size: 0.008 }));
cloud.scale.setScalar(0.001); // the server tells millimetres
cloud.frustumCulled = false;
cloud.geometry.setDrawRange(0, 0);
layers.cloud.add(cloud);

let asked = false;
function draw() {
  if (asked) return;
  asked = true;
  requestAnimationFrame(() => {
    asked = false;
    renderer.render(scene, camera);
  });
}

function resize() {
  const { clientWidth, clientHeight } = canvas;
  renderer.setPixelRatio(Math.min(devicePixelRatio, 2));
  renderer.setSize(clientWidth, clientHeight, false);
  camera.aspect = clientWidth / Math.max(1, clientHeight);
  camera.updateProjectionMatrix();
  draw();
}

/** @param {readonly [number, number, number]} from @param {readonly [number, number, number]} to */
function stand(from, to) {
  camera.position.set(...from);
  controls.target.set(...to);
  controls.update();
  draw();
}

/** @param {string} text */
function lettering(text) {
  const [width, height] = [512, 64];
  const picture = Object.assign(document.createElement("canvas"), { width, height });
  const context = picture.getContext("2d");
  if (context) {
    context.font = "bold 40px 'Noto Sans', sans-serif";
    context.fillStyle = "#ffffff";
    context.strokeStyle = "#000000";
    context.lineWidth = 6;
    context.strokeText(text, 6, 46, width - 12);
    context.fillText(text, 6, 46, width - 12);
  }
  const map = new CanvasTexture(picture);
  map.colorSpace = SRGBColorSpace;
  const sprite = new Sprite(new SpriteMaterial({ map, depthTest: false }));
  sprite.scale.set(0.4, 0.05, 1);
  sprite.center.set(0, 0.5);
  return sprite;
}

/** @param {Frame} frame */
function axes(frame) {
  const [x, y, z] = frame.axes;
  const made = new Group();
  made.name = frame.name;
  made.applyMatrix4(new Matrix4().set(...x, frame.at[0], ...y, frame.at[1], ...z, frame.at[2], 0, 0, 0, 1));
  made.add(new AxesHelper(0.15));
  const words = lettering(frame.name);
  words.position.set(0.02, 0.02, 0.02);
  made.add(words);
  return made;
}

/** @param {Outline} outline @param {number} color @param {boolean} dashed */
function loop(outline, color, dashed) {
  const corners = outline.corners.map(([x, y, z]) => new Vector3(x, y, z + 0.003));
  if (dashed && corners[0]) corners.push(corners[0]);
  const geometry = new BufferGeometry().setFromPoints(corners);
  if (!dashed) return new LineLoop(geometry, new LineBasicMaterial({ color }));
  const made = new Line(geometry, new LineDashedMaterial({ color, dashSize: 0.03, gapSize: 0.02 }));
  made.computeLineDistances();
  return made;
}

/** @param {Solid} solid @param {number} color */
function capsule(solid, color) {
  const [start, end] = [new Vector3(...solid.start), new Vector3(...solid.end)];
  const along = end.clone().sub(start);
  const made = new Mesh(new CapsuleGeometry(solid.radius, along.length(), 6, 12), new MeshLambertMaterial({ color, transparent: true, opacity: 0.75 }));
  made.position.copy(start).addScaledVector(along, 0.5);
  if (along.lengthSq() > 1e-9) made.quaternion.setFromUnitVectors(new Vector3(0, 1, 0), along.normalize());
  return made;
}

/** @param {Group} group @param {import("three").Object3D[]} things */
function fill(group, things) {
  for (const old of [...group.children]) {
    old.traverse((each) => {
      if (each instanceof Mesh || each instanceof Line || each instanceof Sprite) {
        each.geometry.dispose();
        if (each instanceof Sprite) each.material.map?.dispose();
        each.material.dispose();
      }
    });
    old.removeFromParent();
  }
  for (const thing of things) group.add(thing);
}

/** @param {string} name @param {string | number} value */
function figure(name, value) {
  let found = document.getElementById(`figure-${name}`);
  if (!found) {
    found = Object.assign(document.createElement("dd"), { id: `figure-${name}` });
    element("figures").append(Object.assign(document.createElement("dt"), { textContent: name }), found);
  }
  write(found, String(value));
}

let cameraAt = "";
let cameraFrame = new Group();

/** @param {ViewSnapshot} s */
function show(s) {
  fill(layers.robot, s.robot.map((each) => capsule(each, INK.robot)));
  fill(layers.people, [...s.people.map((each) => capsule(each, INK.people)), ...s.hands.map((each) => capsule(each, INK.hands))]);
  const cues = s.cues.map((each) => loop(each, INK.cue, false));
  fill(layers.cues, s.intent ? [...cues, loop(s.intent, INK.intent, true)] : cues);
  if (cameraAt !== JSON.stringify(s.camera)) {
    cameraAt = JSON.stringify(s.camera);
    cameraFrame.removeFromParent();
    cameraFrame = axes(s.camera);
    layers.frames.add(cameraFrame);
  }
  figure("clock", `${s.clock.toFixed(1)} s`);
  figure("robot links", s.robot.length);
  figure("people", new Set(s.people.map((each) => each.name)).size);
  figure("hands", s.hands.length);
  figure("lit", s.cues.map((each) => each.name).join(", ") || "nothing");
  draw();
}

/** @param {ArrayBuffer} message */
function showCloud(message) {
  const points = new Int16Array(message);
  const count = Math.min(MOST, points.length / 3);
  /** @type {Int16Array} */ (positions.array).set(points.subarray(0, 3 * count));
  positions.needsUpdate = true;
  cloud.geometry.setDrawRange(0, count);
  figure("points", count);
  draw();
}

async function begin() {
  /** @type {ViewScene} */
  const still = await (await fetch("/view/scene")).json();
  write("cell", still.cell.replaceAll("_", " "));
  grid.position.z = -still.table[2];
  fill(layers.zones, still.zones.flatMap((zone) => {
    const words = lettering(zone.name);
    words.position.set(...(zone.corners[0] ?? [0, 0, 0]));
    return [loop(zone, INK.zone, true), words];
  }));
  layers.frames.add(...still.frames.map(axes));
  const seat = /** @type {const} */ ([0, -1.5, 0.9]);
  element("above").addEventListener("click", () => stand([0, -0.001, 2.2], [0, 0, 0]));
  element("seat").addEventListener("click", () => stand(seat, [0, 0.1, 0]));
  stand([1.3, -1.3, 1.1], [0, 0.05, 0.1]);
  const file = await new GLTFLoader().loadAsync("/view/cell.glb");
  const cell = file.scene.getObjectByName("cell");
  for (const name of ["room", "parts"]) cell?.getObjectByName(name)?.removeFromParent();
  if (cell) {
    cell.position.set(0, 0, 0); // its file has y up, and the table at its height: here everything is in the table frame
    cell.quaternion.identity();
    layers.shapes.add(cell);
  }
  draw();
}

controls.addEventListener("change", draw);
new ResizeObserver(resize).observe(canvas);
begin().catch((/** @type {Error} */ error) => write("link", `The scene cannot be shown: ${error.message}`));
line("/view/ws", "view", {
  onText(/** @type {ViewDown} */ message) {
    if (message.type === "view") show(message.snapshot);
  },
  onBinary: showCloud,
  onLink: (link) => write("link", link === "live" ? "" : link === "silent" ? "No news from the cell. What you see is old." : "No connection with the bench. Trying again."),
});
