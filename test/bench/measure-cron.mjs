/** Scheduled jobs: what 10,000 of them cost a start and a gateway at rest, and how late they are at 100 a second. */
import { setTimeout as delay } from 'node:timers/promises';
import { readUsage } from './processes.mjs';
import { row } from './statistics.mjs';

const JOBS = 10_000;
const START_RUNS = 5;
const IDLE_WINDOW_MS = 20_000;
const FIRES = 1_000;
const PER_SECOND = 100;
/** Requests at a time while jobs are made. */
const PARALLEL = 50;

async function call(gateway, path, body) {
  const init = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) };
  const answer = await fetch(`http://127.0.0.1:${gateway.port}${path}`, body === undefined ? {} : init);
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

/** @param scheduleOf  the schedule of the job with that number */
async function makeJobs(gateway, count, scheduleOf) {
  const ids = [];
  for (let first = 0; first < count; first += PARALLEL) {
    const numbers = Array.from({ length: Math.min(PARALLEL, count - first) }, (_, index) => first + index);
    const made = await Promise.all(
      numbers.map((number) =>
        call(gateway, '/api/cron/create', { schedule: scheduleOf(number), message: 'x', channel: 'webchat', chat_id: `c${number % 20}` }),
      ),
    );
    ids.push(...made.map(({ job }) => job.id));
  }
  return ids;
}

async function measureStarts(gateway) {
  const measured = [];
  for (let run = 0; run < START_RUNS; run += 1) {
    await gateway.stop();
    measured.push(await gateway.start());
  }
  return measured;
}

/** Percent of one core, of the worker. */
async function measureIdle(gateway) {
  await delay(5_000);
  const { pid } = (await gateway.status()).worker;
  const before = readUsage(pid).cpuMs;
  const startedAt = performance.now();
  await delay(IDLE_WINDOW_MS);
  return (100 * (readUsage(pid).cpuMs - before)) / (performance.now() - startedAt);
}

async function measureLateness(gateway) {
  const firstMs = Date.now() + 15_000;
  const ids = await makeJobs(gateway, FIRES, (number) => `at ${new Date(firstMs + (number * 1_000) / PER_SECOND).toISOString()}`);
  await delay(firstMs + (FIRES * 1_000) / PER_SECOND + 3_000 - Date.now());
  const lateness = [];
  for (const id of ids) {
    const { runs } = await call(gateway, `/api/cron/${id}/runs`);
    if (runs.length !== 1 || runs[0].state !== 'done') throw new Error(`job ${id} did not run once: ${JSON.stringify(runs)}`);
    lateness.push(runs[0].latenessMs);
  }
  return lateness.toSorted((a, b) => a - b);
}

export async function measureCron(gateway) {
  const without = await measureStarts(gateway);
  const lateness = await measureLateness(gateway);
  const idleWithout = await measureIdle(gateway);
  await makeJobs(gateway, JOBS - FIRES, (number) => `${number % 60} ${number % 24} 1 1 *`);
  const withJobs = await measureStarts(gateway);
  const idle = await measureIdle(gateway);
  return [
    row({ name: `start with ${JOBS} scheduled jobs`, unit: 'ms', measured: withJobs, floor: without, floorName: 'with none' }),
    row({ name: `worker at rest with ${JOBS} jobs`, unit: '% CPU', measured: [idle], floor: [idleWithout], floorName: `with ${FIRES}` }),
    row({ name: `lateness at ${PER_SECOND} jobs a second, p99`, unit: 'ms', measured: [lateness[Math.floor(lateness.length * 0.99)]] }),
    row({ name: `lateness at ${PER_SECOND} jobs a second, all`, unit: 'ms', measured: lateness }),
  ];
}
