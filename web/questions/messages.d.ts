// Written by `python -m opstap.evaluation.questions.messages > web/questions/messages.d.ts`; do not edit.

/** A text in one of the languages of the page. */
export interface Words {
  language: string;
  text: string;
}

/** One thing the person may allow or not. */
export interface ConsentSheet {
  purpose: "records" | "answers" | "hub" | "research";
  words: ReadonlyArray<Words>;
  /** None: not asked yet, or the yes has run out. */
  decided: boolean | null;
}

/** One answer that can be chosen. Where the scale has no words for it, the number stands alone. */
export interface Choice {
  value: number;
  words: ReadonlyArray<Words>;
}

/** One item of a form. */
export interface Question {
  item: string;
  words: ReadonlyArray<Words>;
  /** Empty: answered in words. */
  choices: ReadonlyArray<Choice>;
  /** What was answered before; none where it was not, or was skipped. */
  value: number | null;
  text: string;
  /** True also for one that was skipped. */
  answered: boolean;
}

/** One questionnaire as far as it is filled in. */
export interface FormSheet {
  instrument: string;
  title: ReadonlyArray<Words>;
  intro: ReadonlyArray<Words>;
  languages: ReadonlyArray<string>;
  questions: ReadonlyArray<Question>;
  finished: boolean;
}

/** All that is asked of one person now. */
export interface Sheet {
  /** The person's, where the page speaks it. */
  language: string;
  simulated: boolean;
  consents: ReadonlyArray<ConsentSheet>;
  forms: ReadonlyArray<FormSheet>;
  /** Whether the server can read aloud, where the browser has no voice. */
  speech: boolean;
}

/** The person's yes or no. */
export interface Decision {
  type: "decision";
  purpose: "records" | "answers" | "hub" | "research";
  granted: boolean;
}

/** One answer; with neither value nor text the question was skipped. */
export interface GivenAnswer {
  type: "answer";
  instrument: string;
  item: string;
  language: string;
  value: number | null;
  text: string;
}

/** The person hands the form in. */
export interface Finished {
  type: "finished";
  instrument: string;
}
