// @ts-check
// The room from above, for the coach: table, bins, case, places to stand, and where the participant is and looks.

/**
 * @typedef {import("./messages.js").Scenery} Scenery
 * @typedef {import("./messages.js").Pose} Pose
 */

/** Metres that are shown across, and what is in the middle of it, in the table frame. */
const ACROSS = 5.2, MIDDLE = /** @type {const} */ ([0, -0.6]);

/** @param {HTMLCanvasElement} canvas @param {Scenery} scenery @param {readonly string[]} lit @param {Pose | null} pose */
export function draw(canvas, scenery, lit, pose) {
  const c = canvas.getContext("2d");
  if (!c) return;
  const { width, height } = canvas;
  const scale = width / ACROSS;
  c.setTransform(1, 0, 0, 1, 0, 0);
  c.fillStyle = "#eef2f5";
  c.fillRect(0, 0, width, height);
  // Table frame: x right, y away from the operator, which is up here.
  c.setTransform(scale, 0, 0, -scale, width / 2 - scale * MIDDLE[0], height / 2 + scale * MIDDLE[1]);
  const [wide, deep] = scenery.table;
  c.fillStyle = "#c4bcb0";
  c.fillRect(-wide / 2, -deep / 2, wide, deep);
  for (const { id, middle, size, yaw } of scenery.places) {
    c.save();
    c.translate(middle[0], middle[1]);
    c.rotate(yaw);
    c.fillStyle = lit.includes(id) ? "#f2c230" : "#687c8c";
    c.fillRect(-size[0] / 2, -size[1] / 2, size[0], size[1]);
    c.restore();
  }
  c.lineWidth = 0.03;
  c.strokeStyle = "#00588f";
  for (const { at } of scenery.viewpoints) {
    c.beginPath();
    c.arc(at[0], at[1], 0.2, 0, 2 * Math.PI);
    c.stroke();
  }
  if (!pose) return;
  const [x = 0, , z = 0, qx = 0, qy = 0, qz = 0, qw = 1] = pose.head;
  // Room frame to table frame: x stays, z away from the eyes is -y. The eyes look along -z of their own frame.
  const [dx, dz] = [-2 * (qx * qz + qw * qy), -(1 - 2 * (qx * qx + qy * qy))];
  const angle = Math.atan2(-dz, dx);
  c.fillStyle = "#b3261e";
  c.beginPath();
  c.moveTo(x, -z);
  c.arc(x, -z, 0.55, angle - 0.5, angle + 0.5);
  c.closePath();
  c.globalAlpha = 0.25;
  c.fill();
  c.globalAlpha = 1;
  c.beginPath();
  c.arc(x, -z, 0.13, 0, 2 * Math.PI);
  c.fill();
  c.fillStyle = "#14202b";
  for (const [hx = 0, , hz = 0] of pose.hands) {
    c.beginPath();
    c.arc(hx, -hz, 0.06, 0, 2 * Math.PI);
    c.fill();
  }
}
