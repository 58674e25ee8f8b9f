// Written by `python -m opstap.calibration.desk > web/calibrate/messages.d.ts`; do not edit.

/** The calibration that is in use. */
export interface Kept {
  /** Day and time, UTC. */
  made: string;
  method: "board" | "markers" | "structure";
  rms_mm: number;
  worst_mm: number;
}

/** A bin to choose. */
export interface BinName {
  id: string;
  part: string;
}

/** A projector, and its calibration that is in use. */
export interface ProjectorKept {
  id: string;
  /** Day and time, UTC; empty: not calibrated. */
  made: string;
  /** 95 of 100 places on the table are lit so exactly. */
  table_mm: number;
}

/** All that the page shows, but for the picture. */
export interface CalibrationState {
  cell: string;
  doing: "nothing" | "camera" | "bins" | "check" | "projector" | "projector_check";
  /** It has come to a result. */
  judged: boolean;
  /** The result is recommended. */
  good: boolean;
  /** What to do, or what came out. */
  said: string;
  /** Of this step that is done, 0 to 1. */
  share: number;
  report: ReadonlyArray<string>;
  /** What would change in the scene file. */
  diff: string;
  kept: Kept | null;
  /** Number of the newest picture; 0: there is none. */
  picture: number;
  bins: ReadonlyArray<BinName>;
  projectors: ReadonlyArray<ProjectorKept>;
  /** There is a running cell that can look for its camera's new pose. */
  can_check: boolean;
  /** There is something that makes the projectors throw patterns. */
  can_throw: boolean;
  /** There is a result that can be kept. */
  can_keep: boolean;
}

/** What the coach asks. `keep` writes the result down, `stop` lets it go. */
export interface CalibrationWish {
  asked: "camera" | "bins" | "check" | "projector" | "projector_check" | "keep" | "stop";
  by: "near" | "pointing" | "filling";
  projector: string;
  bins: ReadonlyArray<string>;
}
