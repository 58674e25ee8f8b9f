// @ts-check
// Pictures and videos of a hot spot in the room: all around the participant, or on a board beside the panel.

import { BackSide, Mesh, MeshBasicMaterial, PlaneGeometry, SphereGeometry, SRGBColorSpace, TextureLoader, VideoTexture } from "three";

/** Where the board is, before the participant, metres; and how wide. */
const BOARD = /** @type {const} */ ([0.0, 1.75, -1.3]);
const WIDE = 1.1;
/** So far away is what is all around, metres: within what is drawn, and beyond the room. */
const FAR = 12;

export class Around {
  /** @param {import("./stage.js").Stage} stage */
  constructor(stage) {
    this.stage = stage;
    // Seen from inside; turned so that the picture's middle is where one looks at the table.
    this.sphere = new Mesh(new SphereGeometry(FAR, 48, 24), new MeshBasicMaterial({ side: BackSide }));
    this.sphere.scale.x = -1;
    this.sphere.rotation.y = -Math.PI / 2;
    this.board = new Mesh(new PlaneGeometry(1, 1), new MeshBasicMaterial());
    this.board.position.set(...BOARD);
    for (const each of [this.sphere, this.board]) {
      each.visible = false;
      each.renderOrder = 10;
    }
    stage.scene.add(this.sphere);
    stage.rig.add(this.board);
    this.now = "";
  }

  /** Whether nothing of the room is seen. */
  get covers() {
    return this.sphere.visible;
  }

  /**
   * @param {string} source a picture's path; empty: none
   * @param {HTMLVideoElement | null} video instead of a picture
   * @param {boolean} around
   */
  show(source, video, around) {
    const wanted = source || video ? `${source} ${video?.src ?? ""} ${around}` : "";
    if (wanted === this.now) return;
    this.now = wanted;
    for (const { material } of [this.sphere, this.board]) {
      material.map?.dispose();
      material.map = null;
    }
    this.sphere.visible = this.board.visible = false;
    this.stage.dirty = true;
    if (!wanted) return this.uncover();
    const mesh = around ? this.sphere : this.board;
    const texture = video ? new VideoTexture(video) : new TextureLoader().load(source, () => this.fit(wanted, mesh), undefined, () => {});
    texture.colorSpace = SRGBColorSpace;
    mesh.material.map = texture;
    mesh.material.needsUpdate = true;
    if (video) this.fit(wanted, mesh);
  }

  /** @param {string} wanted @param {Mesh<PlaneGeometry | SphereGeometry, MeshBasicMaterial>} mesh */
  fit(wanted, mesh) {
    const image = /** @type {{videoHeight?: number, videoWidth?: number, height: number, width: number} | undefined} */ (mesh.material.map?.image);
    if (wanted !== this.now || !image) return;
    const high = image.videoHeight || image.height || 1, wide = image.videoWidth || image.width || 1;
    if (mesh === this.board) this.board.scale.set(WIDE, WIDE * high / wide, 1);
    mesh.visible = true;
    this.uncover();
  }

  /** The room is not drawn behind what is all around. */
  uncover() {
    this.stage.table.visible = !this.covers;
    this.stage.dirty = true;
  }

  /** Around the eyes, wherever they are. */
  follow() {
    if (!this.covers) return;
    this.stage.camera.getWorldPosition(this.sphere.position);
    if (this.sphere.material.map instanceof VideoTexture) this.stage.dirty = true;
  }
}
