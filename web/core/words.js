// @ts-check
// The pages' own words. The task's words come from the task file, in the worker's language.

import { ar } from "./words-ar.js";
import { de } from "./words-de.js";
import { uk } from "./words-uk.js";

const en = {
  step: "Step {number} of {of}",
  job: "Case {job}",
  simulated: "Simulated",
  real: "Real cell",
  paused: "Paused",
  helpCalled: "Help called",
  camera: "The bench from above",
  projector: "What the projector throws",
  map: "Places",
  mapFacts: "{filled} of {slots} places in the case are filled.",
  happened: "What happened",
  nothing: "Nothing yet.",
  noPicture: "No picture yet",
  noNewPicture: "No new picture",
  actions: "What you can do",
  next: "Next",
  confirm: "It is done",
  right: "Yes, right",
  again: "Do it again",
  skip: "Skip",
  back: "Back",
  pause: "Pause",
  resume: "Go on",
  help: "Call help",
  helpDone: "Help was here",
  wrong: "Bench is wrong",
  stopRobot: "Stop the robot",
  resumeRobot: "Robot may go on",
  robotStopped: "Robot stopped",
  lookedAt: "Somebody looks at the 3D view",
  factoryTold: "The factory is told when a case is finished, and nothing of you. Who knows when you work can work out how fast that was.",
  robotHolds: "The robot holds your part",
  repeat: "Say again",
  mine: "How I work",
  ready: "Ready",
  level: "Help by the light",
  rule: "When it changes",
  alone: "Leave me alone",
  language: "Language",
  modality: "I want to see",
  both: "pictures and words",
  words: "words",
  picture: "pictures",
  volume: "Voice",
  motion: "Moving light",
  yes: "yes",
  no: "no",
  gentle: "gentle",
  none: "none",
  also: "Also open",
  connecting: "Connecting to the bench.",
  silent: "No news from the bench. What you see is old. Trying again.",
  noNews: "No news from the cell since {time}. What you see is old.",
  over: "The simulated work is over.",
  authoring: "Your coach notes what is done, to make new work",
  lost: "No connection with the bench. What you see is old. Trying again.",
  refused: "The bench did not understand this page: {field} was {found}. It takes: {allowed}.",
  parts: "Parts of the system",
  ok: "ok",
  warn: "look here",
  error: "fault",
  stale: "gone",
  latency: "Camera to light: {p50} ms (p95 {p95} ms)",
  guidance: "Guidance",
  full: "full",
  short: "short",
  lights: "lights only",
  off: "off",
  summary: "This case",
  steps: "Steps",
  time: "Time",
  corrections: "Put right",
  helpCalls: "Calls for help",
  minutes: "{minutes} min {seconds} s",
};

/** @type {Words} */
const nl = {
  step: "Stap {number} van {of}",
  job: "Koffer {job}",
  simulated: "Nagebootst",
  real: "Echte werkplek",
  paused: "Pauze",
  helpCalled: "Hulp geroepen",
  camera: "De werkbank van boven",
  projector: "Wat de projector laat zien",
  map: "Vakken",
  mapFacts: "{filled} van {slots} vakken in de koffer zijn vol.",
  happened: "Wat er gebeurde",
  nothing: "Nog niets.",
  noPicture: "Nog geen beeld",
  noNewPicture: "Geen nieuw beeld",
  actions: "Wat je kunt doen",
  next: "Verder",
  confirm: "Het is klaar",
  right: "Ja, goed",
  again: "Nog eens doen",
  skip: "Overslaan",
  back: "Terug",
  pause: "Pauze",
  resume: "Ga door",
  help: "Roep hulp",
  helpDone: "Hulp is geweest",
  wrong: "Dit klopt niet",
  stopRobot: "Stop de robot",
  resumeRobot: "Robot mag verder",
  robotStopped: "Robot gestopt",
  lookedAt: "Er kijkt iemand mee in 3D",
  factoryTold: "De fabriek hoort wanneer een koffer klaar is, en niets van jou. Wie weet wanneer je werkt, kan uitrekenen hoe snel dat ging.",
  robotHolds: "De robot houdt je onderdeel vast",
  repeat: "Zeg het nog eens",
  mine: "Zo werk ik",
  ready: "Klaar",
  level: "Hulp van het licht",
  rule: "Wanneer dat verandert",
  alone: "Laat mij met rust",
  language: "Taal",
  modality: "Ik wil zien",
  both: "plaatjes en woorden",
  words: "woorden",
  picture: "plaatjes",
  volume: "Stem",
  motion: "Bewegend licht",
  yes: "ja",
  no: "nee",
  gentle: "rustig",
  none: "geen",
  also: "Ook nog open",
  connecting: "Verbinden met de werkbank.",
  silent: "Geen bericht van de werkbank. Wat je ziet is oud. Ik probeer het opnieuw.",
  noNews: "Geen bericht van de werkplek sinds {time}. Wat je ziet is oud.",
  over: "Het nagebootste werk is voorbij.",
  authoring: "Je begeleider noteert wat er gedaan wordt, voor nieuw werk",
  lost: "Geen verbinding met de werkbank. Wat je ziet is oud. Ik probeer het opnieuw.",
  refused: "De werkbank begreep deze pagina niet: {field} was {found}. Het mag zijn: {allowed}.",
  parts: "Delen van het systeem",
  ok: "goed",
  warn: "kijk hier",
  error: "storing",
  stale: "weg",
  latency: "Camera tot licht: {p50} ms (p95 {p95} ms)",
  guidance: "Hulp van het licht",
  full: "alles",
  short: "kort",
  lights: "alleen licht",
  off: "uit",
  summary: "Deze koffer",
  steps: "Stappen",
  time: "Tijd",
  corrections: "Hersteld",
  helpCalls: "Hulp geroepen",
  minutes: "{minutes} min {seconds} s",
};

/** @typedef {typeof en} Words */
/** @typedef {keyof Words} Word */

/** @type {Record<string, Words>} */
const languages = { en, nl, de, uk, ar };

/** The language the page speaks for a worker's `language`: that one, or English where it has no words. @param {string} language */
export function spoken(language) {
  return language in languages ? language : "en";
}

/** Which way a language is read. @param {string} language */
export function direction(language) {
  return language === "ar" ? "rtl" : "ltr";
}

/**
 * @param {string} language
 * @param {Word} word
 * @param {Record<string, string | number>} [values] for the {fields} in it
 */
export function say(language, word, values = {}) {
  const text = (languages[language] ?? en)[word];
  return text.replace(/\{(\w+)\}/g, (field, name) => String(values[name] ?? field));
}
