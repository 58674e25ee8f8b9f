// @ts-check
// What comes over the eyes for comfort: dark for a moment where one goes elsewhere, and a narrower view while turning.

import { Mesh, PlaneGeometry, ShaderMaterial } from "three";

/** How long it stays dark on the way in and out together, and how long the view stays narrow, s. */
const FADE = 0.5;
const NARROW = 0.35;

export class Veil {
  constructor() {
    this.material = new ShaderMaterial({
      uniforms: { dark: { value: 0 }, edge: { value: 10 } },
      vertexShader: "varying vec2 at; void main() { at = position.xy / 0.1; gl_Position = projectionMatrix * modelViewMatrix * vec4(position, 1.0); }",
      // The plane is 0.1 m before the eyes: `at` is the tangent of the angle from straight ahead.
      fragmentShader: "uniform float dark; uniform float edge; varying vec2 at; void main() { gl_FragColor = vec4(0.0, 0.0, 0.0, max(dark, smoothstep(edge * 0.85, edge, length(at)))); }",
      transparent: true, depthTest: false, depthWrite: false,
    });
    this.mesh = new Mesh(new PlaneGeometry(0.8, 0.8), this.material);
    this.mesh.position.z = -0.1;
    this.mesh.renderOrder = 1000;
    this.mesh.visible = false;
    this.mesh.frustumCulled = false;
    this.dark = 0;
    this.narrow = 0;
    /** @type {(() => void) | null} what happens while it is dark */
    this.hidden = null;
  }

  /** Go dark, do it, come back. @param {boolean} fade @param {() => void} act */
  behind(fade, act) {
    this.hidden?.();
    this.hidden = null;
    if (!fade) return act();
    this.hidden = act;
    this.dark = FADE;
  }

  /** A turn: what is at the edge of the view is what makes people sick. @param {number} degrees of view that stay */
  turning(degrees) {
    if (degrees >= 110) return;
    this.material.uniforms["edge"] = { value: Math.tan(degrees * Math.PI / 360) };
    this.narrow = NARROW;
  }

  /** @param {number} seconds since the last frame @returns {boolean} whether something about it changes */
  pass(seconds) {
    if (this.dark === 0 && this.narrow === 0) return false;
    this.dark = Math.max(0, this.dark - seconds);
    this.narrow = Math.max(0, this.narrow - seconds);
    if (this.hidden && this.dark <= FADE / 2) {
      this.hidden();
      this.hidden = null;
    }
    const dark = this.material.uniforms["dark"];
    if (dark) dark.value = this.dark ? 1 - Math.abs(this.dark - FADE / 2) / (FADE / 2) : 0;
    const edge = this.material.uniforms["edge"];
    if (edge && this.narrow === 0) edge.value = 10;
    this.mesh.visible = this.dark > 0 || this.narrow > 0;
    return true;
  }
}
