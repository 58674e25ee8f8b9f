// @ts-check
// The steps of the work at this bench, as the light will show them.

import { language, spoken, t } from "./words.js";

/** @typedef {import("./messages.js").StepView} StepView */

/** @param {(id: string) => HTMLElement} element */
export function preview(element) {
  /** @type {ReadonlyArray<StepView>} */
  let steps = [];
  let at = 0;
  const dialog = /** @type {HTMLDialogElement} */ (element("preview"));
  const back = /** @type {HTMLButtonElement} */ (element("preview-back"));
  const next = /** @type {HTMLButtonElement} */ (element("preview-next"));
  element("preview-name").textContent = t("previewTitle");
  element("preview-close").textContent = t("close");
  back.textContent = t("back");
  next.textContent = t("nextStep");

  function show() {
    const step = steps[at];
    if (!step) return;
    element("preview-step").textContent = t("previewStep", { number: step.number, of: steps.length });
    for (const phase of /** @type {const} */ (["take", "place"])) {
      const words = spoken(step[phase]);
      const shown = step[phase].find((w) => w.text === words)?.language ?? language;
      const picture = /** @type {HTMLImageElement} */ (element(phase));
      picture.src = `/coach/steps/${shown}/${step.number}/${phase}.png`;
      picture.alt = t(phase === "take" ? "takePicture" : "placePicture", { words });
      element(`${phase}-words`).textContent = words;
    }
    back.disabled = at === 0;
    next.disabled = at === steps.length - 1;
  }

  /** @param {number} by */
  function go(by) {
    at = Math.min(steps.length - 1, Math.max(0, at + by));
    show();
  }

  back.addEventListener("click", () => go(-1));
  next.addEventListener("click", () => go(1));
  element("preview-open").addEventListener("click", async () => {
    if (!steps.length) steps = await (await fetch("/coach/steps")).json();
    show();
    dialog.showModal();
  });
}
