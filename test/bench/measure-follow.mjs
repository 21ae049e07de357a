/** From the write of a log line to its appearance at a reader. */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { launcher } from './gateway.mjs';
import { startProcess } from './processes.mjs';
import { row } from './statistics.mjs';

const LINES = 25;
const SPACING_MS = 40;
const TIMEOUT_MS = 5_000;

/** A reader's process; `next` resolves with the time at which the marked line was printed. */
class Reader {
  #text = '';
  #waiting;

  constructor(file, args, env) {
    this.child = startProcess(file, args, { env, stdio: ['ignore', 'pipe', 'ignore'] });
    this.child.stdout.setEncoding('utf8').on('data', (chunk) => {
      this.#text = (this.#text + chunk).slice(-65_536);
      if (this.#waiting !== undefined && this.#text.includes(this.#waiting.mark)) this.#waiting.resolve(performance.now());
    });
  }

  seen(mark) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`'${mark}' was not printed within ${TIMEOUT_MS} ms`)), TIMEOUT_MS);
      const done = (time) => {
        clearTimeout(timer);
        this.#waiting = undefined;
        resolve(time);
      };
      this.#waiting = { mark, resolve: done };
    });
  }
}

async function measureReader(reader, logPath) {
  const samples = [];
  const write = (mark) =>
    appendFileSync(logPath, `${JSON.stringify({ level: 'info', time: new Date().toISOString(), pid: 1, role: 'bench', msg: mark })}\n`);
  const prefix = `mark-${Math.random().toString(16).slice(2)}`;
  // Readers print what was there first: begin when a line of ours has come through.
  for (let attempt = 0; ; attempt++) {
    const isFollowing = reader.seen(`${prefix}-begin-${attempt}`).then(() => true);
    write(`${prefix}-begin-${attempt}`);
    if (await Promise.race([isFollowing, delay(200, false)])) break;
    isFollowing.catch(() => undefined);
  }
  for (let line = 0; line < LINES; line++) {
    await delay(SPACING_MS);
    const seen = reader.seen(`${prefix}-${line}.`);
    const writtenAt = performance.now();
    write(`${prefix}-${line}.`);
    samples.push((await seen) - writtenAt);
  }
  reader.child.kill('SIGKILL');
  return samples;
}

export async function measureFollow(gateway) {
  const logPath = join(gateway.home, 'logs', 'gateway.log');
  const floor = await measureReader(new Reader('tail', ['-n', '0', '-F', logPath], gateway.env), logPath);
  const follow = new Reader(launcher, ['gateway', 'logs', '--follow', '--json', '--lines', '1'], gateway.env);
  const measured = await measureReader(follow, logPath);
  return [row({ name: 'logs --follow, write to print', unit: 'ms', measured, floor, floorName: 'tail -F' })];
}
