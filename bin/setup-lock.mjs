/**
 * Allows one setup at a time in a clone, without stale locks. The lock is a directory of numbered files; the highest number is the
 * holder's. A process that finds the lock free or its holder dead creates the next number; only one process can succeed. The
 * highest number is never removed, so an outdated directory listing cannot lead to a second holder.
 */
import { linkSync, mkdirSync, readdirSync, readFileSync, readlinkSync, renameSync, rmSync, statSync, utimes, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 200;
/** A holder renews its file this often; one whose pid cannot be checked (another container) counts as dead after `FOREIGN_DEAD_MS`. */
const RENEW_MS = 5_000;
const FOREIGN_DEAD_MS = 30_000;

function pidNamespace() {
  try {
    return `${readlinkSync('/proc/self/ns/pid')} ${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}`;
  } catch {
    return 'none';
  }
}

/** Exact start time of a process, which distinguishes a reused pid. Undefined when the process does not exist. */
function startTime(pid) {
  try {
    if (process.platform === 'linux') {
      const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
      const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return state === 'Z' ? undefined : fields[18];
    }
    if (process.platform === 'win32') return process.kill(pid, 0) && 'alive';
    // `ps` prints local times, and the time zone may change while a process runs.
    const env = { LC_ALL: 'C', TZ: 'UTC' };
    const output = execFileSync('/bin/ps', ['-o', 'lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      env,
    });
    return output.trim() || undefined;
  } catch {
    return undefined;
  }
}

/** Identifies a process during its lifetime. */
export const identify = (pid) => ({ pid, startTime: startTime(pid) });
export const isRunning = (identity) => identity.startTime !== undefined && startTime(identity.pid) === identity.startTime;

function isHolderAlive(record, path) {
  if (record.namespace !== pidNamespace()) return Date.now() - statSync(path).mtimeMs < FOREIGN_DEAD_MS;
  return isRunning(record);
}

function readHighest(directory) {
  const number = Math.max(0, ...readdirSync(directory).map((name) => Number(/^\d+$/.exec(name)?.[0] ?? 0)));
  if (number === 0) return { number, record: undefined, path: undefined };
  const path = join(directory, String(number));
  try {
    return { number, path, record: JSON.parse(readFileSync(path, 'utf8')) };
  } catch (error) {
    // Disk damage: treat the lock as free.
    if (error instanceof SyntaxError) return { number, path, record: { free: true } };
    // Removed since the listing: there is a higher number now. On Windows, it may also be replaced at this moment.
    if (error.code === 'ENOENT' || process.platform === 'win32') return undefined;
    throw error;
  }
}

/** A process group left running by a killed holder is ended first: two package managers must not run at once. */
async function endOrphan(child) {
  if (child === undefined || !isRunning(child)) return;
  process.kill(process.platform === 'win32' ? child.pid : -child.pid, 'SIGKILL');
  while (isRunning(child)) await delay(20);
}

class SetupLock {
  #path;
  #record;
  #renewal;

  constructor(path, record) {
    this.#path = path;
    this.#record = record;
    this.#renewal = setInterval(() => utimes(path, new Date(), new Date(), () => undefined), RENEW_MS).unref();
  }

  #write(record) {
    this.#record = record;
    writeFileSync(`${this.#path}.new`, JSON.stringify(record));
    renameSync(`${this.#path}.new`, this.#path);
  }

  /** Records the process group that works for the holder, so that the next holder can kill it. */
  recordChild(pid) {
    this.#write({ ...this.#record, child: pid === undefined ? undefined : identify(pid) });
  }

  release() {
    clearInterval(this.#renewal);
    this.#write({ free: true });
  }
}

function tryAcquire(directory, seen) {
  const path = join(directory, String(seen.number + 1));
  const temp = join(directory, `.${randomUUID()}`);
  const record = { ...identify(process.pid), namespace: pidNamespace() };
  writeFileSync(temp, JSON.stringify(record));
  try {
    linkSync(temp, path);
  } catch (error) {
    if (error.code === 'EEXIST') return undefined;
    throw error;
  } finally {
    rmSync(temp, { force: true });
  }
  for (const name of readdirSync(directory))
    if (/^\d+$/.test(name) && Number(name) <= seen.number) rmSync(join(directory, name), { force: true });
  return new SetupLock(path, record);
}

/**
 * Waits for the lock.
 * @param onWait  called once with the holder's pid when another process holds it.
 */
export async function acquireSetupLock(directory, onWait) {
  mkdirSync(directory, { recursive: true });
  let hasWaited = false;
  for (;;) {
    const seen = readHighest(directory);
    if (seen === undefined) continue;
    const { record } = seen;
    if (record === undefined || record.free || !isHolderAlive(record, seen.path)) {
      const lock = tryAcquire(directory, seen);
      if (lock === undefined) continue;
      await endOrphan(record?.child);
      return lock;
    }
    if (!hasWaited) onWait(record.pid);
    hasWaited = true;
    await delay(POLL_MS);
  }
}
