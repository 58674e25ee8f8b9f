// @ts-check
// Reads a text aloud: with a voice of the browser, or else with sound from the server.

/** Slower than usual: easy to follow. */
const RATE = 0.85;

/** @param {string} language @returns {SpeechSynthesisVoice | undefined} one on this machine: nothing is sent away */
function voice(language) {
  return globalThis.speechSynthesis?.getVoices().find((v) => v.localService && v.lang.slice(0, 2) === language);
}

const sound = new Audio();

/** @param {string} language @param {boolean} server whether the server can read */
export function canRead(language, server) {
  return server || voice(language) !== undefined;
}

/** @param {string} text @param {string} language @param {boolean} server */
export function read(text, language, server) {
  hush();
  const found = voice(language);
  if (found) {
    const spoken = new SpeechSynthesisUtterance(text);
    [spoken.voice, spoken.lang, spoken.rate] = [found, found.lang, RATE];
    speechSynthesis.speak(spoken);
  } else if (server) {
    sound.src = `speech?${new URLSearchParams({ text, language })}`;
    sound.play().catch(() => {}); // the next question came before this one was read
  }
}

export function hush() {
  globalThis.speechSynthesis?.cancel();
  sound.pause();
}
