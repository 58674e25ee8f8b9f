// Written by `python -m opstap.pages.coaching > web/coach/messages.d.ts`; do not edit.

/** The first message on a connection. */
export interface Welcome {
  type: "welcome";
  role: "operator" | "coach" | "integrator";
}

/** A text in one language. */
export interface Words {
  language: string;
  text: string;
}

/** A fact that the worker shares. */
export interface SharedFact {
  name: "pace" | "hesitation" | "error_streak" | "waiting_for_parts" | "reach" | "since_break" | "absent" | "asked_for_help";
  /** None: not known now. */
  value: number | null;
  unit: string;
  /** What is usual for this person. */
  usual: number | null;
}

/** One cell. */
export interface CellView {
  /** Its ROS namespace: what is asked goes there. */
  id: string;
  name: string;
  simulated: boolean;
  /** Nothing was heard for some seconds: the rest is old. */
  silent: boolean;
  /** Of the task. */
  title: ReadonlyArray<Words>;
  job: number;
  phase: "ready" | "take" | "place" | "check" | "put_right" | "done";
  /** Steps that are done. */
  step: number;
  steps: number;
  /** Open ones. */
  problems: number;
  paused: boolean;
  cobot: boolean;
  /** What came out when it was last looked whether the light falls right; none: not looked yet. */
  light: "good" | "no_pictures" | "unseen" | "moved" | null;
  light_off_mm: number | null;
  /** Since the open call; none without one. */
  help_seconds: number | null;
  /** From call to help done, all calls since the cell was started. */
  coached_seconds: number;
  /** Pseudonym, while this person calls or shares something. */
  person: string;
  facts: ReadonlyArray<SharedFact>;
}

/** All that the page shows. */
export interface CoachSnapshot {
  /** By name. */
  cells: ReadonlyArray<CellView>;
  /** Id of the cell whose bench serves this page: its steps can be looked at. */
  here: string;
}

/** A snapshot, and how old it was when it was sent. */
export interface CoachUpdate {
  type: "coach";
  age: number;
  snapshot: CoachSnapshot;
}

/** The page's message was not used, and why. */
export interface Refused {
  type: "refused";
  field: string;
  found: string;
  allowed: string;
}

/** What the coach asks of a cell. */
export interface CoachInput {
  type: "coach_input";
  cell: string;
  asked: "pause" | "resume" | "next" | "help" | "help_done" | "stop_robot";
}

/** One step of the work at this bench, to look at beforehand. */
export interface StepView {
  number: number;
  take: ReadonlyArray<Words>;
  place: ReadonlyArray<Words>;
}

/** Everything the server sends. */
export type CoachDown = Welcome | CoachUpdate | Refused;
