// @ts-check
// Words of the worker's own view. A2, and about the work: never how anybody feels.

import { ar } from "./about-words-ar.js";
import { de } from "./about-words-de.js";
import { uk } from "./about-words-uk.js";

const en = {
  open: "About me",
  title: "What the bench knows of me",
  onlyMe: "{person}: this is for you. Your coach sees only what you tick. The monitor writes nothing down.",
  notHeard: "The monitor is not there. Nothing is known of you now, and the work goes on.",
  how: "How is the work going for you?",
  good: "Good",
  so_so: "So-so",
  not_good: "Not good",
  said: "You said: {face}. Nobody guesses this, it is only your word.",
  pace: "Time of my last steps",
  hesitation: "Hands at rest",
  error_streak: "Mix-ups in ten steps",
  waiting_for_parts: "Waiting for parts",
  reach: "Reaching far",
  since_break: "Since my last break",
  absent: "Nobody at the bench",
  asked_for_help: "Since I called help",
  timing: "from the times of the steps",
  errors: "from what was put right",
  supply: "from the bins",
  hands: "from the camera: where hands are",
  clock: "from the clock",
  said_signal: "from your button",
  unknown: "not known now",
  off: "switched off",
  usual: "usual for you: {usual}",
  times: "{value} times my own time",
  seconds: "{value} s",
  minutes: "{value} min",
  percent: "{value} % of ten minutes",
  ruleAbove: "Above {above}: the bench offers {advice}.",
  ruleUsual: "Above {above} times your usual: the bench offers {advice}.",
  ruleWith: "Above {above}, together with something else: the bench offers {advice}.",
  level: "more help by the light",
  help: "to call somebody",
  break: "a break",
  noRule: "No rule looks at this.",
  on: "Look at this",
  shared: "My coach sees this",
  ruleOff: "You turned off this offer: {rule}.",
  ruleOn: "Turn it on again",
  advised: "Offers so far: {given}. You did not take {refused}. That says how good the rules are.",
  show: "Show me on the table",
  shown: "It is on the table for ten seconds.",
  take: "Take all with me",
  erase: "Erase all of me",
  sure: "Sure? Press again",
  erased: "All of you is being erased. What you switched off stays off.",
  nameless: "You asked to be forgotten. What you do is written down as nobody's.",
  remember: "Write it down as mine again",
  close: "Ready",
  because: "Why: {facts}.",
  yes: "Yes",
  notNow: "Not now",
  never: "Never again",
};

/** @type {Words} */
const nl = {
  open: "Over mij",
  title: "Wat de werkbank van mij weet",
  onlyMe: "{person}: dit is voor jou. Je begeleider ziet alleen wat jij aanvinkt. De monitor schrijft niets op.",
  notHeard: "De monitor is er niet. Nu is er niets van je bekend, en het werk gaat gewoon door.",
  how: "Hoe gaat het werk voor jou?",
  good: "Goed",
  so_so: "Gaat wel",
  not_good: "Niet goed",
  said: "Je zei: {face}. Niemand raadt dit, het is alleen jouw woord.",
  pace: "Tijd van mijn laatste stappen",
  hesitation: "Handen in rust",
  error_streak: "Vergissingen in tien stappen",
  waiting_for_parts: "Wachten op onderdelen",
  reach: "Ver reiken",
  since_break: "Sinds mijn laatste pauze",
  absent: "Niemand aan de werkbank",
  asked_for_help: "Sinds ik hulp riep",
  timing: "uit de tijden van de stappen",
  errors: "uit wat hersteld is",
  supply: "uit de bakken",
  hands: "van de camera: waar handen zijn",
  clock: "van de klok",
  said_signal: "van jouw knop",
  unknown: "nu niet bekend",
  off: "uitgezet",
  usual: "gewoon voor jou: {usual}",
  times: "{value} keer mijn eigen tijd",
  seconds: "{value} s",
  minutes: "{value} min",
  percent: "{value} % van tien minuten",
  ruleAbove: "Boven {above}: de werkbank biedt {advice} aan.",
  ruleUsual: "Boven {above} keer gewoon voor jou: de werkbank biedt {advice} aan.",
  ruleWith: "Boven {above}, samen met iets anders: de werkbank biedt {advice} aan.",
  level: "meer hulp van het licht",
  help: "iemand roepen",
  break: "een pauze",
  noRule: "Geen regel kijkt hiernaar.",
  on: "Kijk hiernaar",
  shared: "Mijn begeleider ziet dit",
  ruleOff: "Je zette dit aanbod uit: {rule}.",
  ruleOn: "Zet het weer aan",
  advised: "Aanbod tot nu toe: {given}. Je nam er {refused} niet. Dat zegt hoe goed de regels zijn.",
  show: "Laat het zien op tafel",
  shown: "Het staat tien seconden op tafel.",
  take: "Neem alles mee",
  erase: "Wis alles van mij",
  sure: "Zeker? Druk nog eens",
  erased: "Alles van jou wordt gewist. Wat je uitzette blijft uit.",
  nameless: "Je vroeg om vergeten te worden. Wat je doet wordt opgeschreven als van niemand.",
  remember: "Schrijf het weer op als van mij",
  close: "Klaar",
  because: "Waarom: {facts}.",
  yes: "Ja",
  notNow: "Nu niet",
  never: "Nooit meer",
};

/** @typedef {typeof en} Words */
/** @typedef {keyof Words} Word */

/** @type {Record<string, Words>} */
const languages = { en, nl, de, uk, ar };

/**
 * @param {string} language
 * @param {Word} word
 * @param {Record<string, string | number>} [values] for the {fields} in it
 */
export function say(language, word, values = {}) {
  return (languages[language] ?? en)[word].replace(/\{(\w+)\}/g, (field, name) => String(values[name] ?? field));
}
