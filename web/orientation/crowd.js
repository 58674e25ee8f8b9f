// @ts-check
// Other people in the room: plain figures that stand, or walk calmly along the far wall, never near the participant.

import { CapsuleGeometry, Color, InstancedMesh, Matrix4 } from "three";

/** Where each is, in the room: x and z, and how far along x they walk; none comes nearer than 1.2 m to a place to stand. */
const PLACES = /** @type {const} */ ([
  [-1.9, -2.0, 0], [1.7, -1.9, 0], [-0.6, -2.2, 0.9], [2.1, -1.2, 0], [0.7, -2.1, 0.8], [-2.2, -1.1, 0],
]);
/** Metres in a second: slower than people walk. */
const PACE = 0.35;
const TALL = 1.65;
const CLOTHES = [0x5b6f86, 0x7a6a58, 0x55705f, 0x6a5f7a, 0x76685f, 0x5f6f70];

export class Crowd {
  /** @param {import("three").Scene} scene @param {(color: Color) => import("three").Material} material */
  constructor(scene, material) {
    const plain = material(new Color(0xffffff));
    this.bodies = new InstancedMesh(new CapsuleGeometry(0.19, TALL - 0.65, 6, 14), plain, PLACES.length);
    this.heads = new InstancedMesh(new CapsuleGeometry(0.1, 0.06, 6, 14), plain, PLACES.length);
    const [color, skin] = [new Color(), new Color(0xc79a78)];
    for (const each of [this.bodies, this.heads]) [each.count, each.frustumCulled] = [0, false];
    PLACES.forEach((_, i) => {
      this.bodies.setColorAt(i, color.setHex(CLOTHES[i] ?? 0));
      this.heads.setColorAt(i, skin);
    });
    scene.add(this.bodies, this.heads);
    this.matrix = new Matrix4();
    this.seconds = 0;
    this.place();
  }

  /** @param {number} count how many there are @returns {boolean} whether that is new */
  show(count) {
    if (this.bodies.count === count) return false;
    this.bodies.count = this.heads.count = Math.min(count, PLACES.length);
    return true;
  }

  /** Walk on. @param {number} seconds since the last frame @returns {boolean} whether somebody did */
  pass(seconds) {
    if (this.bodies.count < 3) return false; // the first two stand
    this.seconds += seconds;
    this.place();
    return true;
  }

  place() {
    for (let i = 0; i < PLACES.length; i++) {
      const place = PLACES[i];
      if (!place) continue;
      const far = place[2];
      // There and back, slower towards the ends.
      const x = place[0] + (far ? far * Math.sin(this.seconds * PACE / far + i) : 0);
      this.bodies.setMatrixAt(i, this.matrix.makeTranslation(x, (TALL - 0.25) / 2, place[1]));
      this.heads.setMatrixAt(i, this.matrix.makeTranslation(x, TALL - 0.13, place[1]));
    }
    this.bodies.instanceMatrix.needsUpdate = this.heads.instanceMatrix.needsUpdate = true;
  }
}
