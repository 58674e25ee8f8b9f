// @ts-check
// The page where somebody from the network types a PIN. Keys of a pad, for tablets and people who find keyboards hard.

const en = {
  title: "Opstap",
  label: "Your PIN",
  pad: "Number keys",
  erase: "Erase the last digit",
  enter: "Sign in",
  wrong: "This PIN is not right. Try again.",
  /** @param {string} time */
  wait: (time) => `Too many wrong PINs. Wait ${time}, then try again.`,
  lost: "The bench does not answer. Try again.",
  seconds: "seconds",
  minutes: "minutes",
};

/** @type {Record<string, typeof en>} */
const words = {
  en,
  nl: {
    title: "Opstap",
    label: "Jouw pincode",
    pad: "Cijfertoetsen",
    erase: "Wis het laatste cijfer",
    enter: "Aanmelden",
    wrong: "Deze pincode klopt niet. Probeer het nog eens.",
    wait: (time) => `Te vaak een foute pincode. Wacht ${time} en probeer het dan nog eens.`,
    lost: "De werkplek geeft geen antwoord. Probeer het nog eens.",
    seconds: "seconden",
    minutes: "minuten",
  },
};

const language = navigator.languages.map((l) => l.slice(0, 2)).find((l) => l in words) ?? "en";
const text = words[language] ?? en;

/** @template {HTMLElement} T @param {string} id @param {new () => T} kind @returns {T} */
function found(id, kind) {
  const element = document.getElementById(id);
  if (!(element instanceof kind)) throw new Error(`no ${id}`);
  return element;
}

const pin = found("pin", HTMLInputElement);
const told = found("told", HTMLElement);
const enter = found("enter", HTMLButtonElement);
document.documentElement.lang = language;
found("title", HTMLElement).textContent = text.title;
found("label", HTMLElement).textContent = text.label;
found("pad", HTMLElement).setAttribute("aria-label", text.pad);
enter.textContent = text.enter;

for (const key of ["1", "2", "3", "4", "5", "6", "7", "8", "9", "", "0", "\u232b"]) {
  const button = document.createElement(key === "" ? "span" : "button");
  if (button instanceof HTMLButtonElement) {
    button.type = "button";
    button.textContent = key;
    if (key === "\u232b") button.setAttribute("aria-label", text.erase);
    button.onclick = () => {
      pin.value = key === "\u232b" ? pin.value.slice(0, -1) : (pin.value + key).slice(0, pin.maxLength);
      told.textContent = "";
    };
  }
  found("pad", HTMLElement).append(button);
}

/** Only a path of this very server: a link must not lead elsewhere after signing in. */
function next() {
  const asked = new URLSearchParams(location.search).get("next") ?? "/";
  const to = new URL(asked, location.origin);
  return to.origin === location.origin && asked.startsWith("/") ? to.pathname : "/";
}

/** @param {number} wait s */
function waiting(wait) {
  return wait < 90 ? `${wait} ${text.seconds}` : `${Math.ceil(wait / 60)} ${text.minutes}`;
}

found("form", HTMLFormElement).onsubmit = async (event) => {
  event.preventDefault();
  enter.disabled = true;
  try {
    const headers = { "Content-Type": "application/json" };
    const answer = await fetch("/sign-in", { method: "POST", headers, body: JSON.stringify({ pin: pin.value }) });
    if (answer.ok) {
      location.replace(next());
      return;
    }
    /** @type {{wait?: number}} */
    const { wait = 0 } = await answer.json();
    told.textContent = wait ? text.wait(waiting(wait)) : text.wrong;
  } catch {
    told.textContent = text.lost;
  }
  pin.value = "";
  pin.focus();
  enter.disabled = false;
};
pin.focus();
