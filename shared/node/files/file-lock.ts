/**
 * A short exclusive section between processes, for files that are read, changed and written. The lock file holds its
 * owner's identity, appears with its content or not at all, and one whose owner has died is taken over.
 */
import { randomBytes } from 'node:crypto';
import { link, readFile, rename, unlink, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { GatewayError } from '../../errors.js';
import { temporaryName } from './atomic-file.js';
import { asLockRecord } from './lock-record.js';
import { judgeProcess, selfIdentity } from '../process/process-identity.js';

const DEFAULT_WAIT_MS = 5_000;
const RETRY_MS = 15;

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}

/** @returns whether the lock is ours now */
async function tryLink(own: string, path: string): Promise<boolean> {
  try {
    await link(own, path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

async function readOrUndefined(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function ownerOf(content: string): { pid: number; isDead: boolean } {
  try {
    const record = asLockRecord(JSON.parse(content));
    if ('pid' in record) return { pid: record.pid, isDead: judgeProcess(record) === 'dead' };
  } catch {
    // A lock file always appears complete, so this is none of ours.
  }
  return { pid: 0, isDead: true };
}

/** Moves a dead owner's lock aside. Somebody else may have done so and taken the lock meanwhile: theirs is put back. */
async function removeDead(path: string, deadContent: string): Promise<void> {
  const aside = temporaryName(path);
  try {
    await rename(path, aside);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return;
    throw error;
  }
  if ((await readOrUndefined(aside)) !== deadContent) await tryLink(aside, path);
  await unlink(aside);
}

async function acquire(own: string, path: string, waitMs: number): Promise<void> {
  const deadline = Date.now() + waitMs;
  for (;;) {
    if (await tryLink(own, path)) return;
    const content = await readOrUndefined(path);
    if (content === undefined) continue;
    const owner = ownerOf(content);
    if (owner.isDead) {
      await removeDead(path, content);
      continue;
    }
    if (Date.now() >= deadline) {
      throw new GatewayError('CONFLICT', {
        message: `${path} is held by process ${owner.pid} for more than ${waitMs} ms`,
        hint: 'Try again, or look at what that process does.',
      });
    }
    // Short sections of milliseconds: there is no event to wait for across processes.
    await delay(RETRY_MS);
  }
}

/**
 * Runs `section` while holding the lock at `path`. The directory must exist.
 * @param options.waitMs  how long to wait for another owner, default 5000.
 * @throws CONFLICT when another process keeps the lock for longer
 */
export async function withFileLock<T>(path: string, section: () => Promise<T>, options: { waitMs?: number } = {}): Promise<T> {
  const own = temporaryName(path);
  const content = JSON.stringify({ ...selfIdentity(), nonce: randomBytes(8).toString('hex') });
  await writeFile(own, content, { flag: 'wx', mode: 0o600 });
  try {
    await acquire(own, path, options.waitMs ?? DEFAULT_WAIT_MS);
  } finally {
    await unlink(own);
  }
  try {
    return await section();
  } finally {
    if ((await readOrUndefined(path)) === content) await unlink(path);
  }
}
