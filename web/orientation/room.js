// @ts-check
// The sound of the room, made by the browser: a low hum of ventilation, and a machine where one runs. No file is loaded.

export class RoomSound {
  constructor() {
    /** @type {AudioContext | null} */
    this.context = null;
    /** @type {GainNode | null} */
    this.hum = null;
    /** @type {GainNode | null} */
    this.machine = null;
  }

  /** Browsers let a page sound only after a press: call it from one. */
  start() {
    if (this.context || !("AudioContext" in globalThis)) return;
    const context = new AudioContext();
    const seconds = 2;
    const noise = context.createBuffer(1, seconds * context.sampleRate, context.sampleRate);
    const samples = noise.getChannelData(0);
    let last = 0;
    for (let i = 0; i < samples.length; i++) samples[i] = last = 0.98 * last + 0.02 * (2 * Math.random() - 1);
    const air = new AudioBufferSourceNode(context, { buffer: noise, loop: true });
    this.hum = new GainNode(context, { gain: 0 });
    air.connect(this.hum).connect(context.destination);
    air.start();
    const motor = new OscillatorNode(context, { type: "sawtooth", frequency: 92 });
    const softer = new BiquadFilterNode(context, { type: "lowpass", frequency: 600 });
    this.machine = new GainNode(context, { gain: 0 });
    motor.connect(softer).connect(this.machine).connect(context.destination);
    motor.start();
    this.context = context;
  }

  /** @param {number} percent @param {boolean} machine whether it runs */
  set(percent, machine) {
    if (!this.context || !this.hum || !this.machine) return;
    const now = this.context.currentTime;
    this.hum.gain.setTargetAtTime(percent / 100 * 0.8, now, 0.3);
    this.machine.gain.setTargetAtTime(machine ? percent / 100 * 0.12 : 0, now, 0.3);
  }
}
