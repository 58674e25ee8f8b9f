// @ts-check
// Words of the coach's page.

import { language, speaker } from "../core/language.js";

export { language, speaker };

const en = {
  title: "Coach: the cells",
  none: "No cell is heard of yet.",
  nobodyCalls: "Nobody calls.",
  calls: "Calls for help: {cells}",
  promise: "Cells stand in the order of their names. Of a person you see what that person shares, and who calls. Nothing is kept here.",
  connecting: "Connecting.",
  silent: "No news from the bench. What you see is old. Trying again.",
  lost: "No connection with the bench. What you see is old. Trying again.",
  refused: "Not done: {found}. It takes: {allowed}.",
  simulated: "Simulated",
  quiet: "No news from this cell",
  paused: "Paused",
  lightMoved: "The light falls {mm} mm beside its place: the projector was moved. When nobody works: opstap calibrate projector --check",
  lightUnseen: "It is not known whether the light falls right: test dots were not seen. Is the projector on, its lens clean, the room too bright?",
  lightUnchecked: "It is not known whether the light falls right: the camera gives no colour pictures.",
  helpSince: "Asked for help {time} ago",
  who: "Who: {person}",
  job: "Case {job}",
  steps: "{step} of {steps} steps",
  ready: "Waits for an empty case",
  full: "The case is full",
  open: "To put right: {count}",
  nothingOpen: "Nothing to put right",
  coached: "Time with a coach: {time}",
  shares: "{person} shares with you",
  pause: "Pause",
  resume: "Start",
  next: "Next case",
  help: "I help here",
  helpDone: "Help was here",
  stop: "Stop the cobot",
  unknown: "not known now",
  usual: "usual: {usual}",
  pace: "Time of the last steps",
  hesitation: "Hands at rest",
  error_streak: "Mix-ups in ten steps",
  waiting_for_parts: "Waiting for parts",
  reach: "Reaching far",
  since_break: "Since the last break",
  absent: "Nobody at the bench",
  asked_for_help: "Since the call for help",
  times: "{value} times their own time",
  seconds: "{value} s",
  minutes: "{value} min",
  percent: "{value} % of ten minutes",
  preview: "Look at the steps at {cell}",
  previewTitle: "The steps, as the light shows them",
  previewStep: "Step {number} of {of}",
  takePicture: "The light while this is taken: {words}",
  placePicture: "The light while this is placed: {words}",
  back: "Back",
  nextStep: "Next",
  close: "Ready",
  author: "Make new work by doing it once",
};

/** @type {typeof en} */
const nl = {
  title: "Begeleider: de werkplekken",
  none: "Er is nog geen werkplek gehoord.",
  nobodyCalls: "Niemand roept.",
  calls: "Roept om hulp: {cells}",
  promise: "Werkplekken staan op volgorde van hun naam. Van een mens zie je wat die deelt, en wie roept. Hier wordt niets bewaard.",
  connecting: "Verbinden.",
  silent: "Geen bericht van de werkbank. Wat je ziet is oud. Ik probeer het opnieuw.",
  lost: "Geen verbinding met de werkbank. Wat je ziet is oud. Ik probeer het opnieuw.",
  refused: "Niet gedaan: {found}. Het mag zijn: {allowed}.",
  simulated: "Nagebootst",
  quiet: "Geen bericht van deze werkplek",
  paused: "Pauze",
  lightMoved: "Het licht valt {mm} mm naast zijn plek: de projector is verschoven. Als er niemand werkt: opstap calibrate projector --check",
  lightUnseen: "Het is niet bekend of het licht goed valt: teststippen zijn niet gezien. Staat de projector aan, is de lens schoon, is het te licht in de ruimte?",
  lightUnchecked: "Het is niet bekend of het licht goed valt: de camera geeft geen kleurenbeelden.",
  helpSince: "Vroeg {time} geleden om hulp",
  who: "Wie: {person}",
  job: "Koffer {job}",
  steps: "{step} van {steps} stappen",
  ready: "Wacht op een lege koffer",
  full: "De koffer is vol",
  open: "Te herstellen: {count}",
  nothingOpen: "Niets te herstellen",
  coached: "Tijd met een begeleider: {time}",
  shares: "{person} deelt met jou",
  pause: "Pauze",
  resume: "Start",
  next: "Volgende koffer",
  help: "Ik help hier",
  helpDone: "Hulp is geweest",
  stop: "Stop de cobot",
  unknown: "nu niet bekend",
  usual: "gewoon: {usual}",
  pace: "Tijd van de laatste stappen",
  hesitation: "Handen in rust",
  error_streak: "Vergissingen in tien stappen",
  waiting_for_parts: "Wachten op onderdelen",
  reach: "Ver reiken",
  since_break: "Sinds de laatste pauze",
  absent: "Niemand aan de werkbank",
  asked_for_help: "Sinds het roepen om hulp",
  times: "{value} keer de eigen tijd",
  seconds: "{value} s",
  minutes: "{value} min",
  percent: "{value} % van tien minuten",
  preview: "Bekijk de stappen bij {cell}",
  previewTitle: "De stappen, zoals het licht ze laat zien",
  previewStep: "Stap {number} van {of}",
  takePicture: "Het licht als dit gepakt wordt: {words}",
  placePicture: "Het licht als dit wordt neergelegd: {words}",
  back: "Terug",
  nextStep: "Verder",
  close: "Klaar",
  author: "Maak nieuw werk door het voor te doen",
};

/** @typedef {keyof typeof en} Word */

export const t = speaker(en, { nl });

/** The text in the coach's language, in English, or else the first. @param {ReadonlyArray<{language: string, text: string}>} words */
export function spoken(words) {
  return (words.find((w) => w.language === language) ?? words.find((w) => w.language === "en") ?? words[0])?.text ?? "";
}

/** Minutes and seconds, "3:12". @param {number} seconds */
export function time(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
