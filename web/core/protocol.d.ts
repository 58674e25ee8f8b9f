// Written by `python -m opstap.pages.protocol > web/core/protocol.d.ts`; do not edit.

/** The first message on a connection. */
export interface Welcome {
  type: "welcome";
  role: "operator" | "coach" | "integrator";
}

/** A drawing or photo of what is asked. */
export interface Picture {
  /** Its address, from the page's. */
  file: string;
  /** What it shows, in the snapshot's language. */
  alt: string;
  /** The worker wants pictures instead of words. */
  alone: boolean;
}

/** The step of the task that the work is at. */
export interface Step {
  /** From 1. */
  number: number;
  /** Number of steps of the task. */
  of: number;
  /** Words of the phase "take", in the snapshot's language. */
  take: string;
  /** Words of the phase "place". */
  place: string;
  /** Parts this step asks for. */
  count: number;
  taken: number;
  placed: number;
  /**
   * Something is to be looked at or done; `take` and `place` both say what. "next" says that it is right, "back" that
   * it is not.
   */
  check: boolean;
  /** It may be left out: while nothing of it is taken, "next" does that. */
  optional: boolean;
}

/** An open trouble: a fact about a place, in words that say what to do. */
export interface Problem {
  trouble: "wrong_pick" | "too_many" | "wrong_slot" | "missing" | "empty_bin" | "rework";
  /** Bin or slot id. */
  place: string;
  /** In the snapshot's language. */
  words: string;
}

/** Something the worker may set, and what it is set to. */
export interface Choice {
  setting: string;
  value: string;
  /** What it may be. */
  values: ReadonlyArray<string>;
  /** Each value in the snapshot's language, where the page has no words of its own for it. */
  words: ReadonlyArray<string>;
}

/** A bin or a slot on the map, seen from above. Rectangle in the table frame: x right, y away from the operator. */
export interface Place {
  id: string;
  kind: "bin" | "slot";
  /** The part that belongs here, in the snapshot's language. */
  name: string;
  /** Of its centre. */
  x: number;
  y: number;
  width: number;
  depth: number;
  /** rad, counter-clockwise seen from above. */
  yaw: number;
  content: "filled" | "empty" | "cannot_see";
  /** What is asked there now. */
  mark: "take" | "open" | "put_back" | "refill" | "place" | "take_out" | "case" | "look" | "none";
}

/** Something that happened in this job, in plain words. */
export interface Happening {
  /** Cell time. */
  at: number;
  words: string;
  tone: "plain" | "good" | "problem";
}

/** Health of one node. Levels are those of diagnostic_msgs/DiagnosticStatus. */
export interface NodeStatus {
  name: string;
  level: "ok" | "warn" | "error" | "stale";
  message: string;
}

/** Time from a camera picture's capture to something that followed from it. */
export interface Latency {
  what: "light";
  p50: number;
  p95: number;
}

/** The cobot that brings trays. */
export interface Robot {
  phase: "idle" | "fetch" | "carry" | "present" | "hold" | "retreat";
  /** It stands until somebody asks "resume_robot". */
  stopped: boolean;
  /** It holds a tray out that nobody took in time. */
  not_taken: boolean;
}

/** Facts about the finished job. Nothing here judges a person. */
export interface Summary {
  steps: number;
  /** From the first step shown to the last part placed, cell time. */
  seconds: number;
  /** Problems that were seen and put right. */
  corrections: number;
  help_calls: number;
}

/** All that a page shows, but for the pictures. */
export interface Snapshot {
  cell: string;
  simulated: boolean;
  /** Nothing was heard from the cell since `clock`. */
  silent: boolean;
  /** Cell time: since 1970-01-01 UTC on a real cell, since the start of the simulation on a simulated one. */
  clock: number;
  /** Cell seconds in a real second, as measured. */
  speed: number;
  /** Title of the task, in the language below. */
  task: string;
  /** Number of the job, 1 for the first case, 0 before it. */
  job: number;
  /** Cell time; none before the first job. */
  job_started: number | null;
  phase: "ready" | "take" | "place" | "check" | "put_right" | "done";
  /** What is asked now, a sentence a line, at every level of guidance. */
  words: string;
  /** Beside the words; none where there is none, and where the worker wants words alone. */
  picture: Picture | null;
  /** The trouble that this puts right; none in ordinary work. */
  solving: "wrong_pick" | "too_many" | "wrong_slot" | "missing" | "empty_bin" | "rework" | null;
  /** The camera cannot see whether it is done: the person says so by "next". */
  confirm: boolean;
  /** None while the work waits for a case, and when it is done. */
  step: Step | null;
  /** Those that wait while something else is asked, oldest first. */
  problems: ReadonlyArray<Problem>;
  paused: boolean;
  /** Cell time of the open call for help. */
  help_since: number | null;
  /** How much guidance the worker chose. */
  level: "full" | "short" | "lights" | "off";
  language: string;
  /** The worker's settings. */
  choices: ReadonlyArray<Choice>;
  /** Width and depth. */
  table: readonly [number, number];
  places: ReadonlyArray<Place>;
  /** The last ones of this job, oldest first. */
  events: ReadonlyArray<Happening>;
  nodes: ReadonlyArray<NodeStatus>;
  latencies: ReadonlyArray<Latency>;
  /** Somebody looks at the bench in three dimensions, and so at who works: it is told to who works. */
  looked_at: boolean;
  /** None where there is none, or nothing was heard of it. */
  robot: Robot | null;
  /** A coach records what is done here, to make work instructions of it. */
  authoring: boolean;
  /** Of the job that was just finished, until the next one starts. */
  summary: Summary | null;
}

/** A snapshot, and how old it was when it was sent: a page that connects to a silent cell can tell. */
export interface Update {
  type: "update";
  /** Real time since it was published. */
  age: number;
  snapshot: Snapshot;
}

/** A rule that looks at a fact, and from where on. */
export interface Use {
  rule: string;
  advice: "level" | "help" | "break";
  /** In the fact's unit, or times what is usual for this person. */
  above: number;
  times_usual: boolean;
  /** And at least this in the fact's unit. */
  at_least: number;
  /** It needs nothing else; false: together with another fact. */
  alone: boolean;
  /** The person did not turn this rule off. */
  on: boolean;
}

/** One fact as it is now. */
export interface Known {
  name: "pace" | "hesitation" | "error_streak" | "waiting_for_parts" | "reach" | "since_break" | "absent" | "asked_for_help";
  /** Where it comes from. */
  signal: "timing" | "errors" | "supply" | "hands" | "clock" | "said";
  /** None: not known now, or switched off. */
  value: number | null;
  unit: string;
  /** What is usual for this person. */
  usual: number | null;
  confidence: number;
  on: boolean;
  /** The coach sees it too. */
  shared: boolean;
  uses: ReadonlyArray<Use>;
}

/** An advice that stands. */
export interface Offer {
  rule: string;
  kind: "level" | "help" | "break";
  /** In the person's language. */
  words: string;
  because: ReadonlyArray<"pace" | "hesitation" | "error_streak" | "waiting_for_parts" | "reach" | "since_break" | "absent" | "asked_for_help">;
}

/** All of it; `heard` false: the monitor is not there, and nothing is known. */
export interface AboutMe {
  heard: boolean;
  person: string;
  facts: ReadonlyArray<Known>;
  offer: Offer | null;
  rules_off: ReadonlyArray<string>;
  advised: number;
  refused: number;
  /** The person asked to be forgotten: the work is written down as nobody's until they ask otherwise. */
  forgotten: boolean;
}

/** What is known of the person, and how old that was when it was sent. */
export interface AboutUpdate {
  type: "about";
  age: number;
  snapshot: AboutMe;
}

/** The page's message was not used, and why. */
export interface Refused {
  type: "refused";
  field: string;
  found: string;
  allowed: string;
}

/** What the person at the page asks of the work guide. */
export interface OperatorInput {
  type: "operator_input";
  asked: "next" | "back" | "pause" | "resume" | "help" | "help_done" | "repeat" | "you_are_wrong" | "stop_robot" | "resume_robot" | "set";
  /** With "set": level, rule, alone, language, modality, volume or motion. */
  setting: string;
  /** With "set": to what. */
  value: string;
}

/** What the person asks of the monitor, about themselves. */
export interface AboutInput {
  type: "about_input";
  asked: "say" | "answer" | "switch" | "share" | "rule" | "erase" | "remember" | "show";
  /** Name of a fact or id of a rule. */
  about: string;
  /** say: good, so_so or not_good; answer: yes, not_now or never; switch, share and rule: on or off. */
  value: string;
}

/** First byte of a picture. */
export type PictureKind = 1 /* camera */ | 2 /* projector */;

/** Everything the server sends as text. */
export type Down = Welcome | Update | AboutUpdate | Refused;
