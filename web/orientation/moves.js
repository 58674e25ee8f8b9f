// @ts-check
// What moves in the room: the arm by its joints, trays with what lies in them, the hands that a mirrored cell sees.

import { InstancedMesh, Matrix4, Mesh, MeshBasicMaterial, Object3D, Quaternion, SphereGeometry, Vector3 } from "three";

/**
 * @typedef {import("./messages.js").Moving} Moving
 * @typedef {import("./messages.js").World} World
 * @typedef {{node: Object3D, axis: Vector3, slides: boolean, home: Vector3}} Joint
 * @typedef {{copies: InstancedMesh, index: number, local: Matrix4}} Lying
 */

/** Hands and trays that are drawn at most. */
const HANDS = 4, TRAYS = 8;

export class Moves {
  /** @param {Object3D} root the table frame @param {readonly string[]} joints in the order in which they are told */
  constructor(root, joints) {
    /** @type {Joint[]} */
    this.joints = [];
    for (const name of joints) {
      const node = root.getObjectByName(`joint_${name}`);
      const [x = 0, y = 0, z = 1] = node?.userData["axis"] ?? [];
      if (node) this.joints.push({ node, axis: new Vector3(x, y, z), slides: node.userData["slides"] === true, home: node.position.clone() });
    }
    const tray = root.getObjectByName("tray");
    tray?.removeFromParent();
    this.trays = tray instanceof Mesh ? new InstancedMesh(tray.geometry, tray.material, TRAYS) : null;
    if (this.trays) root.add(this.trays);
    const skin = new MeshBasicMaterial({ color: 0x4a6a86, transparent: true, opacity: 0.6 });
    this.hands = new InstancedMesh(new SphereGeometry(0.5, 14, 10), skin, HANDS);
    root.add(this.hands);
    for (const each of [this.trays, this.hands]) {
      if (each) [each.count, each.frustumCulled] = [0, false];
    }
    this.poses = [...Array(TRAYS)].map(() => new Matrix4());
    /** What lies in each tray. @type {Lying[][]} */
    this.loads = [];
    this.at = new Vector3();
    this.size = new Vector3(1, 1, 1);
    this.one = new Vector3(1, 1, 1);
    this.spin = new Quaternion();
    this.still = new Quaternion();
    this.up = new Vector3(0, 0, 1);
    this.matrix = new Matrix4();
    /** @type {Moving | null} */
    this.last = null;
  }

  /** Lay what is in the trays behind what lies elsewhere. @param {World} world @param {Map<string, InstancedMesh>} parts */
  load(world, parts) {
    this.loads = world.trays.map(({ part, lying }) => {
      const copies = parts.get(part);
      if (!copies) return [];
      return lying.slice(0, copies.instanceMatrix.count - copies.count).map(([x, y, z, turn]) => ({
        copies, index: copies.count++, local: new Matrix4().compose(this.at.set(x, y, z), this.spin.setFromAxisAngle(this.up, turn), this.one),
      }));
    });
    if (this.last) this.move(this.last);
  }

  /** @param {Moving} moving */
  move(moving) {
    this.last = moving;
    this.joints.forEach(({ node, axis, slides, home }, i) => {
      const q = moving.joints[i] ?? 0;
      if (slides) node.position.copy(home).addScaledVector(axis, q);
      else node.quaternion.setFromAxisAngle(axis, q);
    });
    if (this.trays) {
      this.trays.count = Math.min(moving.trays.length, TRAYS);
      for (let i = 0; i < this.trays.count; i++) this.carry(i, moving.trays[i]);
      this.trays.instanceMatrix.needsUpdate = true;
    }
    this.hands.count = Math.min(moving.hands.length, HANDS);
    for (let i = 0; i < this.hands.count; i++) {
      const [x = 0, y = 0, z = 0, wide = 0, deep = 0, high = 0] = moving.hands[i] ?? [];
      this.hands.setMatrixAt(i, this.matrix.compose(this.at.set(x, y, z), this.still, this.size.set(wide, deep, high)));
    }
    this.hands.instanceMatrix.needsUpdate = true;
  }

  /** @param {number} i @param {readonly number[] | undefined} tray */
  carry(i, tray) {
    const pose = this.poses[i];
    if (!pose || !tray) return;
    const [x = 0, y = 0, z = 0, turn = 0] = tray;
    pose.compose(this.at.set(x, y, z), this.spin.setFromAxisAngle(this.up, turn), this.one);
    this.trays?.setMatrixAt(i, pose);
    for (const { copies, index, local } of this.loads[i] ?? []) {
      copies.setMatrixAt(index, this.matrix.multiplyMatrices(pose, local));
      copies.instanceMatrix.needsUpdate = true;
    }
  }
}
