/** What a thousand sockets of the page cost the gateway, in memory and at each event. */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { call } from './call.mjs';
import { freePort, readUsage, startProcess, waitUntilHealthy } from './processes.mjs';
import { row } from './statistics.mjs';

const SOCKETS = 1_000;
/** They stay open: what the process grows to once, such as its young generation, is no socket's. What is measured is the second thousand. */
const WARM_UP_SOCKETS = 1_000;
const BROADCASTS = 20;

/** A frame that says hello is only understood by the gateway; the floor has nothing to say to it. */
const HELLO = JSON.stringify({ v: 1, id: 'hello', type: 'hello' });

/** Sockets that note when an event comes. */
class Listeners {
  sockets = [];
  latencies = [];
  #waiting = 0;
  #onAll = () => {};

  async open(url, count) {
    const before = this.sockets.length;
    const opened = Array.from({ length: count }, () => this.#connect(url));
    // Not all at once: what is measured is their keeping, not their coming.
    for (let at = 0; at < count; at += 50) await Promise.all(opened.slice(at, at + 50).map((begin) => begin()));
    return this.sockets.length - before;
  }

  #connect(url) {
    return () =>
      new Promise((resolve, reject) => {
        const socket = new WebSocket(url, { perMessageDeflate: false });
        this.sockets.push(socket);
        socket.on('error', reject);
        socket.on('open', () => socket.send(HELLO));
        socket.on('message', (/** @type {Buffer} */ data) => {
          const text = data.toString('utf8');
          if (text.includes('"type":"hello"')) return resolve();
          const at = /"at":"([^"]+)"/.exec(text)?.[1];
          if (at === undefined || !text.includes('"updated"')) return;
          this.latencies.push(performance.timeOrigin + performance.now() - Date.parse(at));
          this.#waiting -= 1;
          if (this.#waiting === 0) this.#onAll();
        });
      });
  }

  /** @param cause  makes one event, which each of them must hear */
  async hear(cause) {
    this.#waiting = this.sockets.length;
    const heard = new Promise((resolve) => (this.#onAll = resolve));
    await cause();
    await heard;
  }

  close() {
    for (const socket of this.sockets) socket.terminate();
  }
}

/** @returns KiB for each socket, the 99th percentile of each broadcast in ms, and the CPU ms of a broadcast */
async function sample({ url, pid, cause }) {
  const warmUp = new Listeners();
  await warmUp.open(url, WARM_UP_SOCKETS);
  await warmUp.hear(cause);
  const listeners = new Listeners();
  const before = readUsage(pid).rssMiB;
  await listeners.open(url, SOCKETS);
  const kib = ((readUsage(pid).rssMiB - before) * 1_024) / SOCKETS;
  warmUp.close();
  await delay(500);
  const p99 = [];
  const cpu = [];
  for (let round = 0; round < BROADCASTS; round += 1) {
    listeners.latencies = [];
    const cpuBefore = readUsage(pid).cpuMs;
    await listeners.hear(cause);
    cpu.push(readUsage(pid).cpuMs - cpuBefore);
    p99.push(listeners.latencies.toSorted((one, other) => one - other)[Math.floor(SOCKETS * 0.99)]);
  }
  listeners.close();
  return { kib: [kib], p99, cpu: [cpu.reduce((sum, ms) => sum + ms, 0) / BROADCASTS] };
}

export async function measureSockets(gateway) {
  const { session } = await call(gateway.port, '/api/sessions', { body: '{}' });
  const path = `/api/sessions/${encodeURIComponent(session.key)}`;
  const { pid } = (await gateway.status()).worker;
  let number = 0;
  const cause = () => call(gateway.port, path, { method: 'PATCH', body: JSON.stringify({ title: `Title ${(number += 1)}` }) });
  const ours = await sample({ url: `ws://127.0.0.1:${gateway.port}/ws`, pid, cause });
  const port = await freePort();
  const bare = startProcess(process.execPath, [join(import.meta.dirname, 'bare-servers.mjs'), 'sockets', String(port)]);
  await waitUntilHealthy(port);
  const broadcast = () => fetch(`http://127.0.0.1:${port}/broadcast`).then((answer) => answer.arrayBuffer());
  const floor = await sample({ url: `ws://127.0.0.1:${port}/`, pid: bare.pid, cause: broadcast });
  bare.kill('SIGKILL');
  const floorName = 'bare ws';
  const note = `${SOCKETS} sockets`;
  return [
    row({ name: 'memory of a socket', unit: 'KiB', measured: ours.kib, floor: floor.kib, floorName, note }),
    row({ name: 'an event to all, 99th percentile', unit: 'ms', measured: ours.p99, floor: floor.p99, floorName, note }),
    row({ name: 'an event to all, CPU', unit: 'ms', measured: ours.cpu, floor: floor.cpu, floorName, note }),
  ];
}
