// @ts-check
// Throws the projectors' light on the scene: every material looks up, for each point, what the projector shows there.
// As at the bench, light falls on what looks up at the projector, and adds to what is there.

import { CanvasTexture, Color, Matrix4, MeshLambertMaterial, SRGBColorSpace } from "three";

/** @typedef {import("./messages.js").Projector} Projector */

/** How bright the light is against the room's. */
const STRENGTH = 1.0;

export class Light {
  /** @param {readonly Projector[]} projectors @param {number} height of the table above the floor: nothing below it is lit */
  constructor(projectors, height) {
    this.height = height;
    this.canvases = projectors.map(({ width, height }) => Object.assign(document.createElement("canvas"), { width, height }));
    this.contexts = this.canvases.map((canvas) => {
      const context = canvas.getContext("2d");
      if (!context) throw new Error("no 2D canvas");
      context.fillRect(0, 0, canvas.width, canvas.height);
      return context;
    });
    this.textures = this.canvases.map((canvas) => {
      const texture = new CanvasTexture(canvas);
      texture.colorSpace = SRGBColorSpace;
      return texture;
    });
    /** World to the picture's own coordinates, 0 to 1. */
    this.matrices = projectors.map(() => new Matrix4());
    this.projectors = projectors;
    /** @type {Map<string, MeshLambertMaterial>} */
    this.materials = new Map();
  }

  /** Say where the table is. @param {Matrix4} table table frame to world */
  place(table) {
    const back = table.clone().invert();
    this.projectors.forEach(({ matrix: m, width, height }, i) => {
      const at = (/** @type {number} */ k) => m[k] ?? 0;
      // Rows: u, height of the picture minus v, unused, depth. Pixels become 0 to 1; v runs down, textures run up.
      const row = (/** @type {number} */ r, /** @type {number} */ by) => [0, 1, 2, 3].map((c) => at(4 * r + c) / by);
      const [u, v, w] = [row(0, width), row(1, height), row(2, 1)];
      const up = w.map((each, c) => each - (v[c] ?? 0));
      this.matrices[i]?.set(
        u[0] ?? 0, u[1] ?? 0, u[2] ?? 0, u[3] ?? 0, up[0] ?? 0, up[1] ?? 0, up[2] ?? 0, up[3] ?? 0,
        0, 0, 0, 0, w[0] ?? 0, w[1] ?? 0, w[2] ?? 0, w[3] ?? 0,
      ).multiply(back);
    });
  }

  /** Show a picture. @param {number} projector @param {Blob} picture */
  async show(projector, picture) {
    const bitmap = await createImageBitmap(picture);
    const context = this.contexts[projector];
    const texture = this.textures[projector];
    if (!context || !texture) return;
    context.drawImage(bitmap, 0, 0, context.canvas.width, context.canvas.height);
    bitmap.close();
    texture.needsUpdate = true;
  }

  /** The material of this colour that takes the light. @param {Color} color */
  material(color) {
    const key = color.getHexString();
    const known = this.materials.get(key);
    if (known) return known;
    const made = new MeshLambertMaterial({ color, flatShading: false });
    made.onBeforeCompile = (shader) => {
      const count = this.textures.length;
      shader.uniforms["thrown"] = { value: this.textures };
      shader.uniforms["throws"] = { value: this.matrices };
      shader.vertexShader = shader.vertexShader
        .replace("#include <common>", `#include <common>\nuniform mat4 throws[${count}];\nvarying vec4 vThrown[${count}];\nvarying vec3 vAt;`)
        .replace("#include <project_vertex>", `#include <project_vertex>
          vec4 lit = vec4(transformed, 1.0);
          #ifdef USE_INSTANCING
            lit = instanceMatrix * lit;
          #endif
          lit = modelMatrix * lit;
          vAt = lit.xyz;
          for (int i = 0; i < ${count}; i++) vThrown[i] = throws[i] * lit;`);
      const lookups = this.textures.map((_, i) => `
        if (vThrown[${i}].w > 0.0) {
          vec2 at = vThrown[${i}].xy / vThrown[${i}].w;
          if (all(greaterThan(at, vec2(0.0))) && all(lessThan(at, vec2(1.0))))
            totalEmissiveRadiance += ${STRENGTH.toFixed(2)} * step(${(this.height - 0.02).toFixed(3)}, vAt.y) * smoothstep(0.2, 0.6, up) * texture2D(thrown[${i}], at).rgb * (0.3 + diffuseColor.rgb);
        }`);
      shader.fragmentShader = shader.fragmentShader
        .replace("#include <common>", `#include <common>\nuniform sampler2D thrown[${count}];\nvarying vec4 vThrown[${count}];\nvarying vec3 vAt;`)
        .replace("#include <emissivemap_fragment>", `#include <emissivemap_fragment>
          float up = abs(normalize(cross(dFdx(vAt), dFdy(vAt))).y);
          ${lookups.join("")}`);
    };
    this.materials.set(key, made);
    return made;
  }
}
