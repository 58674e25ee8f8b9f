// @ts-check
// What is said and asked now, as words and buttons: one list for the page and for the panel in the headset.

import { say } from "./words.js";

/**
 * @typedef {import("./messages.js").Snapshot} Snapshot
 * @typedef {import("./messages.js").Scenery} Scenery
 * @typedef {import("./link.js").Ask} Ask
 * @typedef {{id: string, label: string, ask: Ask, main?: boolean, pressed?: boolean, many?: boolean}} Option
 * `many`: one of a row of small ones.
 * @typedef {{title: string, lines: readonly string[], picture?: string, alt?: string, options: readonly Option[]}} Screen
 */

/** @param {Snapshot} s @param {Scenery} scenery @returns {Screen} */
export function screen(s, scenery) {
  /** @param {import("./words.js").Word} word @param {Record<string, string | number>} [values] */
  const t = (word, values) => say(s.language, word, values);
  if (s.phase === "before") {
    return {
      title: t("before"),
      lines: [...scenery.preview, t("seeAll", { minutes: scenery.minutes })],
      options: [{ id: "enter", label: t("enter"), ask: { asked: "enter" }, main: true }],
    };
  }
  if (s.phase === "after") {
    const why = { participant: t("overParticipant"), coach: t("overCoach"), time: t("overTime"), "": "" }[s.ended];
    return { title: t("over"), lines: [why], options: [] };
  }
  if (s.paused.length) {
    const why = s.paused.includes("coach") ? t("pausedCoach") : s.paused.includes("participant") ? t("pausedOwn") : t("pausedAway");
    /** @type {Option[]} */
    const on = s.paused.includes("coach") ? [] : [{ id: "resume", label: t("resume"), ask: { asked: "resume" }, main: true }];
    return { title: t("pause"), lines: [why], options: on };
  }
  if (s.question === "score") {
    const scores = [...Array(11).keys()].map(String);
    return {
      title: t(s.first_score ? "scoreFirst" : "score"),
      lines: [],
      options: scores.map((value) => ({ id: `score-${value}`, label: value, ask: { asked: "score", value }, many: true })),
    };
  }
  if (s.question) {
    return {
      title: t(s.question === "worse" ? "worse" : "time"),
      lines: [],
      options: [
        { id: "end", label: t("stop"), ask: { asked: "stop" }, main: true },
        { id: "stay", label: t(s.question === "worse" ? "stayWorse" : "stay"), ask: { asked: "stay" } },
      ],
    };
  }
  if (s.open) {
    const { quiz, speaker } = s.open;
    /** @type {Option[]} */
    const answers = quiz
      ? quiz.answers.map((label, i) => ({ id: `answer-${i}`, label, ask: { asked: "answer", value: String(i) }, pressed: quiz.chosen === i }))
      : [];
    return {
      title: s.open.title,
      lines: [
        ...(speaker ? [t("says", { who: speaker })] : []), ...s.open.lines,
        ...(quiz ? [quiz.question] : []), ...(quiz?.reply ? [`${quiz.right ? "✓" : "→"} ${quiz.reply}`] : []),
      ],
      picture: s.open.picture,
      alt: s.open.alt,
      options: [
        ...answers,
        { id: "like", label: t(s.open.liked ? "liked" : "like"), ask: { asked: "like" }, pressed: s.open.liked },
        { id: "ask", label: t(s.open.to_ask ? "asked" : "ask"), ask: { asked: "ask" }, pressed: s.open.to_ask },
        { id: "close", label: t("close"), ask: { asked: "open", value: "" }, main: true },
      ],
    };
  }
  /** @type {Option[]} */
  const options = [];
  if (s.disturbance) options.push({ id: "calm", label: t("calm"), ask: { asked: "calm" }, main: true });
  if (s.done) options.push({ id: "new_case", label: t("newCase"), ask: { asked: "new_case" }, main: true });
  return {
    title: t("work"),
    lines: [
      ...(s.disturbance_words ? [s.disturbance_words] : []), ...(s.words ? s.words.split("\n") : []),
      s.held ? t("held", { part: s.held }) : t("emptyHand"), t("packed", { packed: s.packed }),
    ],
    options,
  };
}

/** Pause and stop, in reach whatever is shown. @param {Snapshot} s @returns {readonly Option[]} */
export function always(s) {
  if (s.phase !== "inside") return [];
  const stop = { id: "stop", label: say(s.language, "stop"), ask: { asked: /** @type {const} */ ("stop") } };
  if (s.paused.length) return [stop];
  return [{ id: "pause", label: say(s.language, "pause"), ask: { asked: "pause" } }, stop];
}
