// @ts-check
// One connection of a page to its cell: it comes back by itself, and says when what is shown is old.

/**
 * @typedef {import("./protocol.js").AboutInput} AboutInput
 * @typedef {import("./protocol.js").AboutMe} AboutMe
 * @typedef {import("./protocol.js").Down} Down
 * @typedef {import("./protocol.js").OperatorInput} OperatorInput
 * @typedef {import("./protocol.js").PictureKind} PictureKind
 * @typedef {import("./protocol.js").Refused} Refused
 * @typedef {import("./protocol.js").Snapshot} Snapshot
 *
 * @typedef {"connecting" | "live" | "silent" | "lost"} Link
 * "silent": the server answers but has heard nothing from the cell for 2 s. "lost": no server.
 *
 * @typedef {object} Hooks
 * @property {(snapshot: Snapshot) => void} onSnapshot
 * @property {(about: AboutMe) => void} onAbout
 * @property {(kind: PictureKind, stamp: number, picture: Blob) => void} onPicture stamp in s, cell time
 * @property {(link: Link) => void} onLink at every change
 * @property {(refused: Refused) => void} onRefused
 *
 * @typedef {object} Ends
 * @property {(message: any) => void} onText what the server said, as its protocol has it
 * @property {(message: ArrayBuffer) => void} onBinary
 * @property {(link: Link) => void} onLink at every change
 */

/** Nothing new for this long is told, and the connection made again, ms. */
const STALE = 2000;
/** Rest before connecting again to a server that is not there, ms. */
const REST = 1000;
const PICTURE_HEAD = 9;

/** @param {ArrayBuffer} message @returns {{kind: PictureKind, stamp: number, picture: Blob}} */
function readPicture(message) {
  const head = new DataView(message);
  const type = head.getUint8(PICTURE_HEAD) === 0x89 ? "image/png" : "image/jpeg";
  return {
    kind: /** @type {PictureKind} */ (head.getUint8(0)),
    stamp: Number(head.getBigInt64(1)) / 1e9,
    picture: new Blob([new Uint8Array(message, PICTURE_HEAD)], { type }),
  };
}

/**
 * A WebSocket that comes back by itself.
 * @param {string} path where, on the server this page came from
 * @param {string} type of the messages that tell whether what is shown is fresh; they have an `age`, in s
 * @param {Ends} ends
 * @returns {(message: object) => boolean} sends; false when it could not
 */
export function line(path, type, ends) {
  /** @type {WebSocket} */
  let socket;
  /** @type {Link} */
  let link = "connecting";
  let opened = 0;
  let fresh = -Infinity;

  /** @param {Link} now */
  function tell(now) {
    if (now === link) return;
    link = now;
    ends.onLink(link);
  }

  /** @param {MessageEvent<string | ArrayBuffer>} event */
  function receive({ data }) {
    if (typeof data !== "string") {
      ends.onBinary(data);
      return;
    }
    const message = JSON.parse(data);
    ends.onText(message);
    if (message.type !== type) return;
    const now = performance.now();
    fresh = Math.max(fresh, now - message.age * 1000);
    if (now - fresh < STALE) tell("live");
  }

  function open() {
    opened = performance.now();
    const mine = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${path}`);
    mine.binaryType = "arraybuffer";
    mine.onmessage = (event) => mine === socket && receive(event);
    mine.onclose = () => {
      if (mine !== socket) return;
      tell("lost");
      setTimeout(() => mine === socket && open(), REST);
    };
    socket = mine;
  }

  setInterval(() => {
    const now = performance.now();
    if (now - Math.max(fresh, opened) < STALE || socket.readyState === WebSocket.CLOSED) return;
    tell(socket.readyState === WebSocket.OPEN ? "silent" : "lost");
    // A connection can be dead without a word: make a new one, and give it as long to say something.
    const old = socket;
    open();
    old.close();
  }, 250);
  open();

  return (message) => {
    if (socket.readyState !== WebSocket.OPEN) return false;
    socket.send(JSON.stringify(message));
    return true;
  };
}

/**
 * Connect a page to the bench.
 * @param {Hooks} hooks
 * @returns {{
 *   ask: (asked: OperatorInput["asked"], setting?: string, value?: string) => boolean,
 *   say: (asked: AboutInput["asked"], about?: string, value?: string) => boolean,
 * }} `ask` sends what the person asks of the work guide, `say` what they ask of the monitor; false when it could not be
 *   sent
 */
export function connect(hooks) {
  const send = line("/ws", "update", {
    onText(/** @type {Down} */ message) {
      if (message.type === "refused") hooks.onRefused(message);
      if (message.type === "update") hooks.onSnapshot(message.snapshot);
      if (message.type === "about") hooks.onAbout(message.snapshot);
    },
    onBinary(message) {
      const { kind, stamp, picture } = readPicture(message);
      hooks.onPicture(kind, stamp, picture);
    },
    onLink: hooks.onLink,
  });
  return {
    ask(asked, setting = "", value = "") {
      /** @type {OperatorInput} */
      const message = { type: "operator_input", asked, setting, value };
      return send(message);
    },
    say(asked, about = "", value = "") {
      /** @type {AboutInput} */
      const message = { type: "about_input", asked, about, value };
      return send(message);
    },
  };
}
