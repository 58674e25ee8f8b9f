// @ts-check
// What is said and asked now, as words and buttons: one list for the page and for the panel in the headset.

import { say } from "./words.js";

/**
 * @typedef {import("./messages.js").Snapshot} Snapshot
 * @typedef {import("./messages.js").Scenery} Scenery
 * @typedef {import("./link.js").Ask} Ask
 * @typedef {"listen" | "questions" | "sound"} Local what a page does itself: read or play what is said, ask the study's
 * questions on the panel, give a video its sound
 * @typedef {{id: string, label: string, ask?: Ask, local?: Local, act?: () => void, main?: boolean, pressed?: boolean, many?: boolean}} Option
 * One of `ask`, `local` and `act`. `many`: one of a row of small ones.
 * @typedef {{headset?: boolean, listen?: boolean, muted?: boolean, caption?: string, broken?: boolean}} Here how it is on this
 * page: whether it is in a headset, can read aloud, plays video without sound, what is said in the video, and whether
 * that cannot be played
 * @typedef {{title: string, lines: readonly string[], picture?: string, alt?: string, options: readonly Option[]}} Screen
 */

/** @param {Snapshot} s @param {Scenery} scenery @param {Here} [here] @returns {Screen} */
export function screen(s, scenery, here = {}) {
  /** @param {import("./words.js").Word} word @param {Record<string, string | number>} [values] */
  const t = (word, values) => say(s.language, word, values);
  if (s.phase === "before") {
    return {
      title: t("before"),
      lines: [
        ...scenery.preview, t("seeAll", { minutes: scenery.minutes }), ...(s.cell ? [t("cellShown")] : []),
        ...(scenery.responsible ? [t("responsible", { name: scenery.responsible })] : []),
      ],
      options: [{ id: "enter", label: t("enter"), ask: { asked: "enter" }, main: true }],
    };
  }
  if (s.phase === "after") {
    const why = { participant: t("overParticipant"), coach: t("overCoach"), time: t("overTime"), "": "" }[s.ended];
    /** @type {Option[]} */
    const questions = here.headset && scenery.questions ? [{ id: "questions", label: t("questions"), local: "questions", main: true }] : [];
    return { title: t("over"), lines: [why, ...(s.carry ? [t(s.carry === "yes" ? "carried" : "carryAsk", { level: t(level(s.level)) })] : []), ...(here.headset ? [t("takeOff")] : [])], options: [...carry(s, t), ...questions] };
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
      lines: here.headset && s.first_score ? [t("gesture")] : [],
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
        ...(here.caption ? [here.caption] : []), ...(s.open.missing || here.broken ? [t("missing")] : []),
        ...(speaker ? [t("says", { who: speaker })] : []), ...s.open.lines,
        ...(quiz ? [quiz.question] : []), ...(quiz?.reply ? [`${quiz.right ? "✓" : "→"} ${quiz.reply}`] : []),
      ],
      picture: s.open.picture,
      alt: s.open.alt,
      options: [
        ...answers, ...media(s.open, here, t),
        { id: "like", label: t(s.open.liked ? "liked" : "like"), ask: { asked: "like" }, pressed: s.open.liked },
        { id: "ask", label: t(s.open.to_ask ? "asked" : "ask"), ask: { asked: "ask" }, pressed: s.open.to_ask },
        { id: "close", label: t("close"), ask: { asked: "open", value: "" }, main: true },
      ],
    };
  }
  /** @type {Option[]} */
  const options = [];
  if (s.cell) {
    const other = s.view === "cell" ? "own" : "cell";
    options.push({ id: "see", label: t(s.view === "cell" ? "seeOwn" : "seeCell"), ask: { asked: "see", value: other } });
  }
  if (s.disturbance) options.push({ id: "calm", label: t("calm"), ask: { asked: "calm" }, main: true });
  if (s.done) options.push({ id: "new_case", label: t("newCase"), ask: { asked: "new_case" }, main: true });
  const disturbing = s.disturbance_words ? [s.disturbance_words] : [];
  const words = s.words ? s.words.split("\n") : [];
  if (s.view === "cell") {
    const how = { live: t("cellLive"), replayed: t("cellReplayed"), lost: t("cellLost"), other: t("cellOther"), "": "" }[s.cell];
    return { title: t("realWork"), lines: [...disturbing, how, ...(s.unreal && s.cell !== "lost" ? [t("cellSimulated")] : []), ...(s.cell === "other" ? [] : [...words, t("packed", { packed: s.packed })])], options };
  }
  return {
    title: t("work"),
    lines: [
      ...disturbing, ...words, s.held ? t("held", { part: s.held }) : t("emptyHand"), t("packed", { packed: s.packed }),
    ],
    options,
  };
}

/** A level of help, as a word. @param {string} id */
export const level = (id) => /** @type {import("./words.js").Word} */ (id);

/** Whether the help goes to the bench. @param {Snapshot} s @param {(word: import("./words.js").Word) => string} t @returns {Option[]} */
function carry(s, t) {
  if (!s.carry) return [];
  const yes = s.carry === "yes";
  return [{ id: "carry", label: t(yes ? "carryNot" : "carry"), ask: { asked: "carry", value: yes ? "no" : "yes" }, pressed: yes }];
}

/** What a hot spot has besides words. @param {import("./messages.js").OpenSpot} open @param {Here} here @param {(word: import("./words.js").Word) => string} t @returns {Option[]} */
function media(open, here, t) {
  /** @type {Option[]} */
  const options = [];
  if (open.panorama) options.push(open.showing === "panorama"
    ? { id: "panorama", label: t("backHere"), ask: { asked: "show", value: "" }, main: true }
    : { id: "panorama", label: t("panorama"), ask: { asked: "show", value: "panorama" } });
  if (open.video) options.push(open.showing === "video"
    ? { id: "video", label: t("videoStop"), ask: { asked: "show", value: "" }, main: true }
    : { id: "video", label: t("video"), ask: { asked: "show", value: "video" } });
  if (open.video && open.showing === "video") options.push({ id: "sound", label: t(here.muted ? "soundOn" : "soundOff"), local: "sound" });
  if (here.listen || open.audio) options.push({ id: "listen", label: t("listen"), local: "listen" });
  return options;
}

/** Pause and stop, in reach whatever is shown. @param {Snapshot} s @returns {readonly Option[]} */
export function always(s) {
  if (s.phase !== "inside") return [];
  const stop = { id: "stop", label: say(s.language, "stop"), ask: { asked: /** @type {const} */ ("stop") } };
  if (s.paused.length) return [stop];
  return [{ id: "pause", label: say(s.language, "pause"), ask: { asked: "pause" } }, stop];
}
