// Written by `python -m opstap.pages.view > web/view/messages.d.ts`; do not edit.

/** The first message on a connection. */
export interface Welcome {
  type: "welcome";
  role: "operator" | "coach" | "integrator";
}

/** A frame of reference in the table frame. */
export interface Frame {
  name: string;
  /** Its origin, metres. */
  at: readonly [number, number, number];
  /** Rows of the rotation matrix: table from frame. */
  axes: readonly [readonly [number, number, number], readonly [number, number, number], readonly [number, number, number]];
}

/** A rectangle or another outline, metres in the table frame. */
export interface Outline {
  name: string;
  kind: "text" | "button" | "handover" | "keep_out" | "cue" | "intent";
  corners: ReadonlyArray<readonly [number, number, number]>;
  /** Of a cue. */
  meaning: "take" | "open" | "put_back" | "refill" | "place" | "take_out" | "case" | "look" | "none";
}

/** What stands still: GET /view/scene. The shapes themselves are in /view/cell.glb. */
export interface ViewScene {
  cell: string;
  /** Width, depth and height, metres. */
  table: readonly [number, number, number];
  frames: ReadonlyArray<Frame>;
  zones: ReadonlyArray<Outline>;
}

/** A capsule: of a link of the robot, or of somebody. */
export interface Solid {
  name: string;
  start: readonly [number, number, number];
  end: readonly [number, number, number];
  radius: number;
}

/** What moves. */
export interface ViewSnapshot {
  /** Cell time, s. */
  clock: number;
  camera: Frame;
  robot: ReadonlyArray<Solid>;
  people: ReadonlyArray<Solid>;
  hands: ReadonlyArray<Solid>;
  cues: ReadonlyArray<Outline>;
  /** Over what the robot is about to move. */
  intent: Outline | null;
}

/** A snapshot, and how old it was when it was sent. */
export interface ViewUpdate {
  type: "view";
  age: number;
  snapshot: ViewSnapshot;
}

/** The page's message was not used, and why. */
export interface Refused {
  type: "refused";
  field: string;
  found: string;
  allowed: string;
}

/** Everything the server sends as text; binary is a cloud: x, y, z as little-endian int16, mm. */
export type ViewDown = Welcome | ViewUpdate | Refused;
