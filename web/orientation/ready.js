// @ts-check
// Is everything ready for sessions on this device? What the browser can tell it tells; the rest somebody looks at and ticks.

import { element, write } from "../core/page.js";

/**
 * @typedef {import("./messages.js").Status} Status
 * @typedef {"yes" | "no" | "unknown"} Found
 * @typedef {{id: string, found: Found, words: string}} Check
 * @typedef {{charging: boolean, level: number}} Battery
 */

/** Charge below which a headset does not last a morning, and below which it does not last a session. */
const ENOUGH = 0.5, LEAST = 0.2;

const en = {
  name: "English", languages: "Language",
  title: "Is everything ready?",
  intro: "Open this page in the browser of the device that the participant will use.",
  again: "Look again", tone: "Play a sound", begin: "To the orientation",
  allReady: "Everything is ready.", notReady: "Not ready yet: {count}.",
  secure: "The connection", secureYes: "It is safe: a headset may go inside.", secureNo: "It is not safe, so no headset can go inside. Open the address that begins with https, or use the cable.",
  webgl: "Drawing", webglYes: "This browser can draw the room.", webglNo: "This browser cannot draw the room. All can be done with buttons.",
  headset: "The headset", headsetYes: "This browser can go inside with a headset.", headsetNo: "This browser has no headset. The orientation works on the screen.",
  battery: "The battery", batteryYes: "{level} per cent.", batteryNo: "{level} per cent. Charge it first.", batteryUnknown: "This browser does not tell. Look at the headset.",
  server: "The place to start from", serverYes: "It answers in {ms} ms.", serverNo: "It does not answer.",
  cell: "The work place", cellLive: "It is heard, and can be looked at.", cellReplayed: "A recording is played.", cellLost: "It is not heard. Participants can still try the work.", cellOther: "It does another task now.",
  files: "Videos and sounds", filesYes: "All files are there.", filesNo: "Some are not there: {which}",
  responsible: "Who is responsible", responsibleYes: "{name}", responsibleNo: "Nobody is named. The coach writes the name on the coach's page.",
  sound: "Sound", soundTick: "I heard the sound, and it is not too loud.",
  space: "Space", spaceTick: "Two metres by two are free, without anything to fall over. A chair that does not roll stands there.",
  clean: "Clean", cleanTick: "The headset is wiped, and the straps are loose.",
  calm: "Calm", calmTick: "Nobody walks in. There is water, and time to sit afterwards.",
};

/** @type {typeof en} */
const nl = {
  name: "Nederlands", languages: "Taal",
  title: "Is alles klaar?",
  intro: "Open deze pagina in de browser van het apparaat dat de deelnemer gebruikt.",
  again: "Kijk opnieuw", tone: "Speel een geluid", begin: "Naar de kennismaking",
  allReady: "Alles is klaar.", notReady: "Nog niet klaar: {count}.",
  secure: "De verbinding", secureYes: "Die is veilig: een bril mag naar binnen.", secureNo: "Die is niet veilig. Met een bril kan dan niemand naar binnen. Open het adres dat met https begint, of gebruik de kabel.",
  webgl: "Tekenen", webglYes: "Deze browser kan de ruimte tekenen.", webglNo: "Deze browser kan de ruimte niet tekenen. Alles kan met knoppen.",
  headset: "De bril", headsetYes: "Deze browser kan met een bril naar binnen.", headsetNo: "Deze browser heeft geen bril. De kennismaking werkt op het scherm.",
  battery: "De batterij", batteryYes: "{level} procent.", batteryNo: "{level} procent. Laad eerst op.", batteryUnknown: "Deze browser zegt het niet. Kijk op de bril.",
  server: "De computer waar het vandaan komt", serverYes: "Die antwoordt in {ms} ms.", serverNo: "Die antwoordt niet.",
  cell: "De werkplek", cellLive: "Die is te horen, en je kunt ernaar kijken.", cellReplayed: "Er speelt een opname.", cellLost: "Die is niet te horen. Deelnemers kunnen het werk wel proberen.", cellOther: "Die doet nu ander werk.",
  files: "Video's en geluiden", filesYes: "Alle bestanden zijn er.", filesNo: "Er ontbreken er: {which}",
  responsible: "Wie is verantwoordelijk", responsibleYes: "{name}", responsibleNo: "Er is niemand genoemd. De coach schrijft de naam op de pagina van de coach.",
  sound: "Geluid", soundTick: "Ik hoorde het geluid, en het is niet te hard.",
  space: "Ruimte", spaceTick: "Twee bij twee meter is vrij, met niets om over te vallen. Er staat een stoel die niet rolt.",
  clean: "Schoon", cleanTick: "De bril is schoongeveegd en de banden zijn los.",
  calm: "Rust", calmTick: "Niemand loopt binnen. Er is water, en tijd om daarna te zitten.",
};

/** @typedef {keyof typeof en} Word */
/** @type {Record<string, typeof en>} */
const texts = { en, nl };
/** What somebody has to look at; the browser cannot. */
const TICKS = /** @type {const} */ (["sound", "space", "clean", "calm"]);
const SIGNS = { yes: "✓", no: "✗", unknown: "?" };

let language = navigator.language.startsWith("nl") ? "nl" : "en";
/** @type {Status | null} */
let status = null;
let took = 0;
let headset = false;
/** @type {Battery | null} */
let battery = null;
/** @type {Set<string>} */
const ticked = new Set();

/** @param {Word} word @param {Record<string, string | number>} [values] */
function t(word, values = {}) {
  return (texts[language] ?? en)[word].replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
}

function draws() {
  return document.createElement("canvas").getContext("webgl2") !== null;
}

/** @param {string} id @param {Found} found @param {string} words @returns {Check} */
const check = (id, found, words) => ({ id, found, words });

/** What can be told by this browser and the server. @returns {Check[]} */
function checks() {
  const charge = battery && Math.round(battery.level * 100);
  const low = battery !== null && battery.level < (battery.charging ? LEAST : ENOUGH);
  const found = [
    check("secure", isSecureContext ? "yes" : "no", t(isSecureContext ? "secureYes" : "secureNo")),
    check("server", status ? "yes" : "no", status ? t("serverYes", { ms: took }) : t("serverNo")),
    check("webgl", draws() ? "yes" : "no", t(draws() ? "webglYes" : "webglNo")),
    check("headset", headset ? "yes" : "unknown", t(headset ? "headsetYes" : "headsetNo")),
    charge === null ? check("battery", "unknown", t("batteryUnknown"))
      : check("battery", low ? "no" : "yes", t(low ? "batteryNo" : "batteryYes", { level: charge })),
  ];
  if (!status) return found;
  found.push(status.responsible ? check("responsible", "yes", t("responsibleYes", { name: status.responsible })) : check("responsible", "no", t("responsibleNo")));
  found.push(status.missing.length ? check("files", "no", t("filesNo", { which: status.missing.join("; ") })) : check("files", "yes", t("filesYes")));
  const cell = /** @type {const} */ ({ live: "cellLive", replayed: "cellReplayed", lost: "cellLost", other: "cellOther" });
  if (status.cell) found.push(check("cell", status.cell === "live" || status.cell === "replayed" ? "yes" : "no", t(cell[status.cell])));
  return found;
}

/** @param {HTMLElement} sign @param {string} title @param {string} words @param {string} id */
function line(sign, title, words, id) {
  const [item, text, strong] = [document.createElement("li"), document.createElement("div"), document.createElement("strong")];
  strong.textContent = title;
  text.append(strong, words);
  item.append(sign, text);
  item.dataset["check"] = id;
  return item;
}

function show() {
  document.documentElement.lang = language;
  document.title = t("title");
  for (const word of /** @type {const} */ (["title", "intro", "tone", "again", "begin"])) write(element(word), t(word));
  const found = checks();
  const told = found.map(({ id, found: how, words }) => {
    const sign = Object.assign(document.createElement("span"), { className: "sign", textContent: SIGNS[how] });
    sign.setAttribute("aria-hidden", "true");
    const item = line(sign, t(/** @type {Word} */ (id)), words, id);
    item.dataset["found"] = how;
    return item;
  });
  const asked = TICKS.map((id) => {
    const box = Object.assign(document.createElement("input"), { type: "checkbox", id: `tick-${id}`, checked: ticked.has(id) });
    box.addEventListener("change", () => {
      if (box.checked) ticked.add(id);
      else ticked.delete(id);
      verdict(found);
    });
    const item = line(box, t(id), "", id);
    const label = Object.assign(document.createElement("label"), { htmlFor: box.id, textContent: t(`${id}Tick`) });
    item.lastElementChild?.append(label);
    return item;
  });
  element("checks").replaceChildren(...told, ...asked);
  verdict(found);
  element("languages").setAttribute("aria-label", t("languages"));
  element("languages").replaceChildren(...Object.keys(texts).map((each) => {
    const button = Object.assign(document.createElement("button"), { type: "button", lang: each, textContent: texts[each]?.name });
    button.setAttribute("aria-pressed", String(each === language));
    button.addEventListener("click", () => {
      language = each;
      show();
    });
    return button;
  }));
}

/** @param {readonly Check[]} found */
function verdict(found) {
  const open = found.filter((c) => c.found === "no").length + TICKS.length - ticked.size;
  write(element("verdict"), open ? t("notReady", { count: open }) : t("allReady"));
}

async function look() {
  const began = performance.now();
  try {
    const answer = await fetch("/orientation/status");
    status = answer.ok ? await answer.json() : null;
  } catch {
    status = null;
  }
  took = Math.round(performance.now() - began);
  headset = await (navigator.xr?.isSessionSupported("immersive-vr").catch(() => false) ?? false);
  const told = /** @type {{getBattery?: () => Promise<Battery>}} */ (navigator);
  battery = await (told.getBattery?.().catch(() => null) ?? null);
  show();
}

/** A soft tone, as loud as the room will be at most. */
function tone() {
  const context = new AudioContext();
  const source = new OscillatorNode(context, { frequency: 440 });
  source.connect(new GainNode(context, { gain: 0.15 })).connect(context.destination);
  source.onended = () => void context.close();
  source.start();
  source.stop(context.currentTime + 1);
}

element("tone").addEventListener("click", tone);
element("again").addEventListener("click", () => void look());
show();
void look();
