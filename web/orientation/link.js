// @ts-check
// One connection of an orientation page to its server. It comes back by itself; the server keeps the session meanwhile.

/**
 * @typedef {import("./messages.js").Down} Down
 * @typedef {import("./messages.js").Wish} Wish
 * @typedef {import("./messages.js").Pose} Pose
 * @typedef {{asked: Wish["asked"], setting?: string, value?: string}} Ask
 */

/** Rest before connecting again, ms. */
const REST = 1000;
/** The server says something every two seconds; after this long without, the link is dead, ms. */
const STALE = 6000;

/** This page, for the server: a page that is loaded again finds its session. */
function token() {
  const kept = sessionStorage.getItem("page") ?? [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, "0")).join("");
  sessionStorage.setItem("page", kept);
  return kept;
}

/**
 * @param {string} path of the WebSocket on this server
 * @param {{onMessage: (message: Down) => void, onLight: (projector: number, picture: Blob) => void, onLink: (up: boolean) => void}} hooks
 */
export function connect(path, hooks) {
  /** @type {WebSocket} */
  let socket;
  let up = false;
  let heard = 0;
  let given = false;

  /** @param {boolean} now */
  function tell(now) {
    if (now !== up) hooks.onLink(up = now);
  }

  function open() {
    heard = performance.now();
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const mine = new WebSocket(`${scheme}://${location.host}${path}?page=${token()}`);
    mine.binaryType = "arraybuffer";
    mine.onopen = () => mine === socket && tell(true);
    mine.onmessage = ({ data }) => {
      if (mine !== socket) return;
      heard = performance.now();
      if (typeof data !== "string") {
        hooks.onLight(new Uint8Array(data, 0, 1)[0] ?? 0, new Blob([new Uint8Array(data, 1)], { type: "image/png" }));
        return;
      }
      /** @type {Down} */
      const message = JSON.parse(data);
      if (message.type === "taken") given = true; // another page is inside: this one waits until somebody asks again
      hooks.onMessage(message);
    };
    mine.onclose = () => {
      if (mine !== socket) return;
      tell(false);
      if (!given) setTimeout(() => mine === socket && open(), REST);
    };
    socket = mine;
  }

  setInterval(() => {
    if (socket.readyState !== WebSocket.OPEN || performance.now() - heard < STALE) return;
    const old = socket;
    tell(false);
    open();
    old.close();
  }, 500);
  open();

  return {
    /** @param {Ask} ask @returns {boolean} whether it could be sent */
    ask({ asked, setting = "", value = "" }) {
      if (socket.readyState !== WebSocket.OPEN) return false;
      /** @type {Wish} */
      const wish = { type: "wish", asked, setting, value };
      socket.send(JSON.stringify(wish));
      return true;
    },
    /** @param {Pose} pose */
    pose(pose) {
      // A pose that would wait is old when it arrives.
      if (socket.readyState === WebSocket.OPEN && socket.bufferedAmount < 4096) socket.send(JSON.stringify(pose));
    },
    again() {
      given = false;
      open();
    },
  };
}
