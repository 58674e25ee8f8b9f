// @ts-check
// A live picture: decodes off the main thread, newest only, and tells how long it has stood still.

/** Nothing new for this long is told, ms. */
const STILL = 2000;

export class Picture {
  /** @type {{stamp: number, picture: Blob} | null} */
  #next = null;
  #busy = false;
  #drawn = 0;
  /** Cell time at which the shown picture was taken, s; null before the first. @type {number | null} */
  stamp = null;

  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas;
  }

  get still() {
    return performance.now() - this.#drawn > STILL;
  }

  /** @param {number} stamp s, cell time @param {Blob} picture */
  show(stamp, picture) {
    this.#next = { stamp, picture };
    if (!this.#busy) void this.#draw();
  }

  async #draw() {
    this.#busy = true;
    while (this.#next) {
      const { stamp, picture } = this.#next;
      this.#next = null;
      const image = await createImageBitmap(picture).catch(() => null); // a broken file: keep the last good picture
      if (!image) continue;
      if (this.canvas.width !== image.width || this.canvas.height !== image.height) {
        this.canvas.width = image.width;
        this.canvas.height = image.height;
      }
      this.canvas.getContext("2d")?.drawImage(image, 0, 0);
      image.close();
      this.stamp = stamp;
      this.#drawn = performance.now();
    }
    this.#busy = false;
  }
}
