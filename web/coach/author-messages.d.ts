// Written by `python -m opstap.authoring.desk > web/coach/author-messages.d.ts`; do not edit.

/** A text in one language. */
export interface Words {
  language: string;
  text: string;
}

/** Something that a person has to answer, or should know. */
export interface AuthorNote {
  kind: "only_hand" | "unsure" | "count" | "which_part" | "not_taken" | "left_over" | "added" | "was_there" | "cannot_see" | "missed";
  place: string;
  /** What the part is called; empty where it is about none. */
  part: ReadonlyArray<Words>;
  count: number;
  other: number;
}

/** What the linter says, in English. */
export interface AuthorFinding {
  message: string;
  error: boolean;
}

/** One step of the draft. */
export interface AuthorStep {
  key: number;
  part: string;
  slot: string;
  count: number;
  /** As it will be said, in every language of the task. */
  take: ReadonlyArray<Words>;
  place: ReadonlyArray<Words>;
  /** In any order with the step before it. */
  free: boolean;
  can_free: boolean;
  optional: boolean;
  /** A check: `take` is what it says; it has no part. */
  check: boolean;
  /** Languages and phrases with words of the step's own, such as "nl take". */
  own: ReadonlyArray<string>;
  /** Whether the part's photo is kept with the task. */
  photo: boolean;
  /** Whether there is one. */
  can_photo: boolean;
  doubts: ReadonlyArray<AuthorNote>;
  findings: ReadonlyArray<AuthorFinding>;
  /** Number of its preview, from 1; 0: it cannot be drawn before part and slot are known. */
  drawn: number;
}

/** A part that lies in a bin. */
export interface PartName {
  part: string;
  name: ReadonlyArray<Words>;
}

/** All that the page shows. */
export interface AuthorState {
  cell: string;
  simulated: boolean;
  doing: "nothing" | "record" | "draft";
  /** Another one at every change. */
  version: number;
  /** Parts in slots, by the recording so far. */
  seen: number;
  /** The last placing: part, slot, count. */
  last: AuthorNote | null;
  languages: ReadonlyArray<string>;
  title: ReadonlyArray<Words>;
  steps: ReadonlyArray<AuthorStep>;
  remarks: ReadonlyArray<AuthorNote>;
  /** Of the task as a whole. */
  findings: ReadonlyArray<AuthorFinding>;
  parts: ReadonlyArray<PartName>;
  slots: ReadonlyArray<string>;
  can_undo: boolean;
  /** Name of the task as it was saved last; empty: it was not, or was changed since. */
  saved: string;
  /** Name of the folder in which tasks are saved. */
  folder: string;
}

/** What the coach asks. */
export interface AuthorWish {
  asked: "record" | "stop" | "let_go" | "save" | "undo" | "move" | "delete" | "count" | "part" | "slot" | "right" | "split" | "merge" | "words" | "title" | "photo" | "free" | "optional" | "check";
  /** Key of the step. */
  step: number;
  /** With move, from 0; with count; with photo, free and optional 1 for yes, 0 for no. */
  to: number;
  /** With part, slot and save. */
  name: string;
  language: string;
  phrase: "take" | "place" | "check";
  text: string;
  /** With save: in the place of the task of that name. */
  replace: boolean;
  /** With record: pause the work, so that its light asks for nothing. */
  pause: boolean;
}
