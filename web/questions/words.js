// @ts-check
// What the page of the questionnaires says itself; the questions come from the server in all their languages.

const en = {
  name: "English",
  languages: "Language",
  place: "Question {number} of {of}",
  before: "Before we begin",
  progress: "Answered",
  simulated: "Simulated",
  aloud: "Read aloud",
  back: "Back",
  skip: "Skip",
  next: "Next",
  start: "Start",
  goOn: "Go on where I was",
  handIn: "Hand in",
  yes: "Yes",
  no: "No",
  choose: "Choose an answer, or press Skip.",
  decide: "Choose yes or no.",
  words: "You may write something, or leave it open.",
  holds: "A yes holds for four weeks. You can always take it back: ask the coach.",
  nothing: "Nothing is kept.",
  nothingMore: "That is fine. There are no questions without it.",
  review: "You answered {answered} of {of} questions.",
  done: "Done",
  thanks: "Thank you. Your answers are kept.",
  kept: "Kept.",
  notKept: "This answer is not kept: {why} Your earlier answers are safe. Try again.",
  away: "no connection with the bench.",
  wrong: "The questions cannot be shown: {why}",
};

/** @type {typeof en} */
const nl = {
  name: "Nederlands",
  languages: "Taal",
  place: "Vraag {number} van {of}",
  before: "Voordat we beginnen",
  progress: "Beantwoord",
  simulated: "Nagebootst",
  aloud: "Lees voor",
  back: "Terug",
  skip: "Sla over",
  next: "Verder",
  start: "Begin",
  goOn: "Ga verder waar ik was",
  handIn: "Lever in",
  yes: "Ja",
  no: "Nee",
  choose: "Kies een antwoord, of druk op Sla over.",
  decide: "Kies ja of nee.",
  words: "Je mag iets opschrijven, of het open laten.",
  holds: "Een ja geldt vier weken. Je mag het altijd terugnemen: vraag de begeleider.",
  nothing: "Er wordt niets bewaard.",
  nothingMore: "Dat is goed. Zonder dat zijn er geen vragen.",
  review: "Je hebt {answered} van de {of} vragen beantwoord.",
  done: "Klaar",
  thanks: "Dank je wel. Jouw antwoorden zijn bewaard.",
  kept: "Bewaard.",
  notKept: "Dit antwoord is niet bewaard: {why} Je eerdere antwoorden zijn veilig. Probeer het nog eens.",
  away: "geen verbinding met de werkbank.",
  wrong: "De vragen kunnen niet getoond worden: {why}",
};

/** @typedef {keyof typeof en} Word */

/** @type {Record<string, typeof en>} */
const languages = { nl, en };

/**
 * @param {string} language
 * @param {Word} word
 * @param {Record<string, string | number>} [values] for the {fields} in it
 */
export function say(language, word, values = {}) {
  return (languages[language] ?? en)[word].replace(/\{(\w+)\}/g, (field, name) => String(values[name] ?? field));
}
