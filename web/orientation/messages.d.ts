// Written by `python -m opstap.orientation.messages > web/orientation/messages.d.ts`; do not edit.

/** A projector, as a matrix (3, 4) in rows: table frame to homogeneous pixels. */
export interface Projector {
  matrix: ReadonlyArray<number>;
  width: number;
  height: number;
}

/** A bin, a slot, or where a tray is put down: an upright box in the table frame. */
export interface Place {
  id: string;
  kind: "bin" | "slot" | "tray";
  /** The part that belongs there, in the language of the scenery. */
  name: string;
  middle: readonly [number, number, number];
  size: readonly [number, number, number];
  yaw: number;
}

/** A hot spot. */
export interface Spot {
  id: string;
  kind: "work" | "safety" | "hours" | "team" | "training" | "not_nice";
  title: string;
  at: readonly [number, number, number];
}

/**
 */
export interface Viewpoint {
  id: string;
  name: string;
  at: readonly [number, number];
  /** Direction of view, rad from the table's x axis. */
  facing: number;
}

/** A disturbance that can be asked for. */
export interface Happening {
  kind: "shortage" | "visitor" | "noise";
  title: string;
  text: string;
}

/** What does not change while a session lasts, but for its language. */
export interface Scenery {
  type: "scenery";
  /** Path of the GLB on this server. */
  file: string;
  language: string;
  languages: ReadonlyArray<string>;
  title: string;
  preview: ReadonlyArray<string>;
  minutes: number;
  /** Width, depth, and height above the floor. */
  table: readonly [number, number, number];
  projectors: ReadonlyArray<Projector>;
  places: ReadonlyArray<Place>;
  spots: ReadonlyArray<Spot>;
  viewpoints: ReadonlyArray<Viewpoint>;
  happenings: ReadonlyArray<Happening>;
  levels: ReadonlyArray<string>;
  /** Of the arm, in the order in which `Moving` tells them; empty: no arm is shown. */
  joints: ReadonlyArray<string>;
  /** Size of a tray, along the fork, across it, and height; zeros: there are none. */
  tray: readonly [number, number, number];
  /** Who is there for the participant; empty: nobody was named. */
  responsible: string;
  /** Whether there are questions before and after. */
  questions: boolean;
}

/** Where all parts of a kind lie: x, y, z of each one's middle and its turn about z. */
export interface Pile {
  part: string;
  lying: ReadonlyArray<readonly [number, number, number, number]>;
}

/** A tray of the arm's store, and what lies in it, as `Pile` but in the tray's frame: the middle of its floor. */
export interface Tray {
  part: string;
  lying: ReadonlyArray<readonly [number, number, number, number]>;
}

/**
 */
export interface World {
  type: "world";
  piles: ReadonlyArray<Pile>;
  trays: ReadonlyArray<Tray>;
  /** Places of kind "tray" where one stands now. */
  standing: ReadonlyArray<string>;
  /** The part in the hand; empty: none. */
  held: string;
}

/** What moves, as often as it does, sixty times a second at most. */
export interface Moving {
  type: "moving";
  /** rad, in the order of `Scenery.joints`. */
  joints: ReadonlyArray<number>;
  /** Of `World.trays`: x, y, z of the floor's middle, and its turn about z. */
  trays: ReadonlyArray<readonly [number, number, number, number]>;
  /** Of a cell that is mirrored: middle and extent of what the camera makes out of each hand. */
  hands: ReadonlyArray<readonly [number, number, number, number, number, number]>;
}

/**
 */
export interface Mark {
  place: string;
  meaning: "take" | "open" | "put_back" | "refill" | "place" | "take_out" | "case" | "look";
}

/**
 */
export interface Quiz {
  question: string;
  answers: ReadonlyArray<string>;
  chosen: number | null;
  /** What is said to the answer that was chosen; empty: none was. */
  reply: string;
  right: boolean;
}

/** What the hot spot tells that is open. */
export interface OpenSpot {
  id: string;
  title: string;
  speaker: string;
  lines: ReadonlyArray<string>;
  /** Path on this server; empty: none. */
  picture: string;
  /** Of a picture all around (equirectangular), as `picture`. */
  panorama: string;
  alt: string;
  /** As `picture`. */
  video: string;
  /** Whether the video is one all around. */
  around: boolean;
  /** Of the video, as `picture`. */
  captions: string;
  /** The lines as somebody says them, as `picture`. */
  audio: string;
  /** What of it is shown now besides the text. */
  showing: "" | "panorama" | "video";
  /** Whether a file of it is not there. */
  missing: boolean;
  liked: boolean;
  to_ask: boolean;
  quiz: Quiz | null;
}

/** What a participant sets for the own comfort. Nobody else changes it. */
export interface Comfort {
  posture: "seated" | "standing";
  /** How much higher than usual the eyes are. */
  lift_cm: number;
  hand: "right" | "left";
  /** Of one turn; turning is never smooth. */
  turn_deg: "30" | "45" | "90";
  /** How wide the view stays while something about it changes; 110: no vignette. */
  vignette_deg: number;
  /** Whether going elsewhere fades out and in. */
  fade: boolean;
  /** Of the room, per cent. */
  sound: number;
  /** Of the room, per cent. */
  light: number;
  /** People who are in the room too, at a distance. */
  crowd: number;
  /** Whether looking at something for a while chooses it. */
  dwell: boolean;
  /** Whether texts are read aloud. */
  aloud: boolean;
}

/** What the participant may take home. Facts, and the own words; nothing is judged. */
export interface Card {
  seen: ReadonlyArray<string>;
  liked: ReadonlyArray<string>;
  asked: ReadonlyArray<string>;
  packed: number;
  minutes: number;
}

/** The session, as both pages show it. */
export interface Snapshot {
  type: "session";
  phase: "before" | "inside" | "after";
  ended: "" | "participant" | "coach" | "time";
  paused: ReadonlyArray<"participant" | "coach" | "away">;
  question: "" | "score" | "worse" | "time";
  /** With the question "score": whether it is the one at the start. */
  first_score: boolean;
  language: string;
  /** Seconds until the end, as things are now. */
  left: number;
  nearly_over: boolean;
  /** Whether a coach looks on. */
  watched: boolean;
  /** What is looked at: the own try-out, or a cell that is mirrored. */
  view: "own" | "cell";
  /** How it is with the cell that is mirrored; empty: there is none. Other: it works at another task. */
  cell: "" | "live" | "replayed" | "lost" | "other";
  /** Whether what is shown is simulated: the own try-out, or a simulated cell. */
  unreal: boolean;
  /** Whether the level of help goes to the bench; empty: that cannot be chosen now. */
  carry: "" | "asked" | "yes";
  /** What the guide asks now, a sentence a line; empty where the level has no words. */
  words: string;
  /** From 1; 0: no step. */
  step: number;
  steps: number;
  /** The case is full. */
  done: boolean;
  /** What is lit, for pages that are not seen. */
  marks: ReadonlyArray<Mark>;
  level: string;
  /** Name of the part in the hand; empty: none. */
  held: string;
  packed: number;
  viewpoint: string;
  /** Hot spots that were opened. */
  seen: ReadonlyArray<string>;
  open: OpenSpot | null;
  disturbance: "" | "shortage" | "visitor" | "noise";
  disturbance_words: string;
  comfort: Comfort;
  /** After the session. */
  card: Card | null;
}

/**
 */
export interface Score {
  at: number;
  value: number;
}

/**
 */
export interface Note {
  /** Seconds inside. */
  at: number;
  words: string;
}

/** What only the coach sees. */
export interface Watch {
  type: "watch";
  person: string;
  /** Whether a participant's page is connected. */
  inside: boolean;
  scores: ReadonlyArray<Score>;
  notes: ReadonlyArray<Note>;
}

/**
 * Where the participant's eyes and hands are: position and quaternion x, y, z, w, in the room's frame (y up, origin
 * on the floor under the table's middle). Passed on to who looks on, never kept.
 */
export interface Pose {
  type: "pose";
  head: ReadonlyArray<number>;
  hands: ReadonlyArray<ReadonlyArray<number>>;
  /** What is pointed at: a place's or hot spot's id. */
  aim: string;
}

/** The page's message was not used, and why. */
export interface Refused {
  type: "refused";
  why: string;
}

/** Somebody else is inside: the page may look on, or try again. */
export interface Taken {
  type: "taken";
}

/**
 * What a page asks. From the participant all but the last three; from the coach pause, resume, stop, disturb, calm
 * and those. "respond" names who is responsible.
 */
export interface Wish {
  type: "wish";
  asked: "enter" | "stop" | "pause" | "resume" | "away" | "score" | "stay" | "go" | "open" | "answer" | "like" | "ask" | "act" | "new_case" | "level" | "set" | "see" | "carry" | "show" | "disturb" | "calm" | "note" | "prepare" | "respond";
  setting: string;
  value: string;
}

/** What the checklist before a day of sessions asks the server. */
export interface Status {
  language: string;
  responsible: string;
  cell: "" | "live" | "replayed" | "lost" | "other";
  questions: boolean;
  /** Files of hot spots that are not there, in words. */
  missing: ReadonlyArray<string>;
}

/** Everything the server sends as text. */
export type Down = Scenery | World | Moving | Snapshot | Watch | Pose | Refused | Taken;
