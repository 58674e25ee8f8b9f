// @ts-check
// The map of bins and slots: what is in them, and what the light on them says. Each meaning has a shape of its own.

/** @typedef {import("../core/protocol.js").Place} Place */

const SVG = "http://www.w3.org/2000/svg";

/** @param {string} tag @param {Record<string, string | number>} attributes @param {Element[]} children */
function svg(tag, attributes, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}

/** Stripes for a place that cannot be seen, and for "put it back". @param {string} id */
function stripes(id) {
  const line = svg("path", { d: "M0 0V12", class: id });
  return svg("pattern", { id, width: 12, height: 12, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" }, line);
}

/** @param {Place} place @param {number} height of the table, mm */
function draw(place, height) {
  const [w, d] = [place.width * 1000, place.depth * 1000];
  const title = document.createElementNS(SVG, "title");
  title.textContent = `${place.id} ${place.name}`;
  const box = { x: -w / 2, y: -d / 2, width: w, height: d, rx: 5 };
  const marks = [svg("rect", { ...box, class: `content ${place.content}` })];
  if (place.mark !== "none") marks.push(svg("rect", { ...box, class: `mark ${place.mark}` }));
  if (place.mark === "take_out") {
    marks.push(svg("path", { d: `M${-w / 2} ${-d / 2}L${w / 2} ${d / 2}M${-w / 2} ${d / 2}L${w / 2} ${-d / 2}`, class: "mark take_out" }));
  }
  const turn = `translate(${place.x * 1000} ${height / 2 - place.y * 1000}) rotate(${(-place.yaw * 180) / Math.PI})`;
  return svg("g", { transform: turn, "data-place": place.id, class: place.kind }, title, ...marks);
}

/** The table in mm, origin at the middle of its far edge. @param {readonly [number, number]} table width and depth, m */
export function viewBox([width, depth]) {
  return `${-width * 500} 0 ${width * 1000} ${depth * 1000}`;
}

/**
 * What is in the map.
 * @param {readonly [number, number]} table width and depth, m
 * @param {readonly Place[]} places
 */
export function mapOf([width, depth], places) {
  const [w, h] = [width * 1000, depth * 1000];
  const patterns = svg("defs", {}, stripes("unseen"), stripes("back"));
  const top = svg("rect", { x: -w / 2 + 3, y: 3, width: w - 6, height: h - 6, rx: 12, class: "table" });
  return [patterns, top, ...places.map((place) => draw(place, h))];
}
