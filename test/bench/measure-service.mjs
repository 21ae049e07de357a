/** Throughput, and what clients notice of a restart and of a crash. */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import autocannon from 'autocannon';
import { freePort, readUsage, requestOnce, startProcess, waitUntilHealthy } from './processes.mjs';
import { row } from './statistics.mjs';

const ROUNDS = 5;
const ROUND_SECONDS = 3;
const CONNECTIONS = 50;
const NEW_CONNECTIONS_PER_SECOND = 400;
const FAULTS = 5;
const FAULT_SPACING_MS = 1_500;

/** @returns answers per second, CPU time per answer in µs, which a busy machine changes least, and the latency in ms */
async function throughput({ port, pid }) {
  const before = readUsage(pid).cpuMs;
  const result = await autocannon({ url: `http://127.0.0.1:${port}/health`, connections: CONNECTIONS, duration: ROUND_SECONDS });
  if (result.non2xx + result.errors + result.timeouts > 0)
    throw new Error(`port ${port}: ${result.non2xx} answers were not 200, ${result.errors} errors`);
  const cpuUs = ((readUsage(pid).cpuMs - before) * 1_000) / result.requests.total;
  return { perSecond: result.requests.average, cpuUs, p99: result.latency.p99 };
}

/** What Node and Koa do not set themselves. */
const OWN_HEADERS = ['x-request-id', 'x-content-type-options', 'cache-control', 'content-security-policy'];

async function startFloor(...args) {
  const port = await freePort();
  const [kind, ...rest] = args;
  const { pid } = startProcess(process.execPath, [join(import.meta.dirname, 'bare-servers.mjs'), kind, String(port), ...rest]);
  await waitUntilHealthy(port);
  return { port, pid };
}

/** The same answer from the gateway, from bare Koa, and from Koa with the router and the headers that the gateway's own rules ask for, in turn. */
export async function measureThroughput(gateway) {
  const answer = await fetch(`http://127.0.0.1:${gateway.port}/health`);
  const headers = JSON.stringify(Object.fromEntries(OWN_HEADERS.map((name) => [name, answer.headers.get(name)])));
  const body = await answer.text();
  const targets = [
    { port: gateway.port, pid: (await gateway.status()).worker.pid },
    await startFloor('koa', body),
    await startFloor('router', body, headers),
  ];
  const samples = targets.map(() => []);
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [index, target] of targets.entries()) {
      const sample = await throughput(target);
      // The first round warms all up.
      if (round > 0) samples[index].push(sample);
    }
  }
  for (const { pid } of targets.slice(1)) process.kill(pid, 'SIGKILL');
  const pick = (of, key) => of.map((sample) => sample[key]);
  const [ours, koa, routed] = samples;
  const of = (name, unit, { key, floor = koa, floorName = 'bare Koa, same body' }) =>
    row({ name, unit, measured: pick(ours, key), floor: pick(floor, key), floorName });
  const beside = { floor: routed, floorName: 'Koa + @koa/router, same body and headers' };
  return [
    of('GET /health, 50 connections', 'requests/s', { key: 'perSecond' }),
    of('GET /health, 50 connections', 'µs CPU', { key: 'cpuUs' }),
    of('GET /health, the same', 'µs CPU', { key: 'cpuUs', ...beside }),
    of('GET /health, 99th percentile', 'ms', { key: 'p99' }),
  ];
}

/** New connections at a steady rate, one request each, until stopped. */
class Load {
  #successes = [];
  #failed = 0;
  #pending = new Set();
  #timer;

  constructor(port) {
    const startedAt = performance.now();
    let opened = 0;
    this.#timer = setInterval(() => {
      const due = ((performance.now() - startedAt) * NEW_CONNECTIONS_PER_SECOND) / 1_000;
      for (; opened < due; opened++) this.#open(port);
    }, 1);
  }

  #open(port) {
    const request = requestOnce(port).then((isOk) => {
      if (isOk) this.#successes.push(performance.now());
      else this.#failed++;
      this.#pending.delete(request);
    });
    this.#pending.add(request);
  }

  /** The longest time without a success from `since` to now. */
  longestGapMs(since) {
    const times = [since, ...this.#successes.filter((time) => time >= since), performance.now()];
    return Math.max(...times.slice(1).map((time, index) => time - times[index]));
  }

  async stop() {
    clearInterval(this.#timer);
    await Promise.all(this.#pending);
    return { failed: this.#failed, succeeded: this.#successes.length };
  }
}

/** One gap per fault, and one per quiet period of the same length as the floor. */
async function measureGaps(gateway, inflict) {
  const load = new Load(gateway.port);
  const gaps = [];
  const quiet = [];
  await delay(500);
  for (let fault = 0; fault < FAULTS; fault++) {
    const quietSince = performance.now();
    await delay(FAULT_SPACING_MS);
    quiet.push(load.longestGapMs(quietSince));
    const since = performance.now();
    await inflict();
    await delay(FAULT_SPACING_MS);
    gaps.push(load.longestGapMs(since));
  }
  return { gaps, quiet, ...(await load.stop()) };
}

export async function measureRestart(gateway) {
  const commands = [];
  const result = await measureGaps(gateway, async () => commands.push((await gateway.command('restart')).ms));
  const total = result.failed + result.succeeded;
  return [
    row({
      name: 'restart: longest gap',
      unit: 'ms',
      measured: result.gaps,
      floor: result.quiet,
      floorName: 'no restart',
      note: `${NEW_CONNECTIONS_PER_SECOND} new connections/s`,
    }),
    row({ name: 'restart: failed requests', unit: `of ${total}`, measured: [result.failed], note: `${FAULTS} restarts` }),
    row({ name: 'xopc gateway restart', unit: 'ms', measured: commands, note: 'until the new worker serves' }),
  ];
}

export async function measureCrash(gateway) {
  const result = await measureGaps(gateway, async () => {
    const { worker } = await gateway.status();
    process.kill(worker.pid, 'SIGKILL');
  });
  const total = result.failed + result.succeeded;
  return [
    row({
      name: 'kill -9 of the worker: longest gap',
      unit: 'ms',
      measured: result.gaps,
      floor: result.quiet,
      floorName: 'no crash',
      note: `${NEW_CONNECTIONS_PER_SECOND} new connections/s`,
    }),
    row({
      name: 'kill -9 of the worker: failed requests',
      unit: `of ${total}`,
      measured: [result.failed],
      note: `${FAULTS} kills; a request in the killed worker cannot be saved`,
    }),
  ];
}
