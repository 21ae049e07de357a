/** The lock of a gateway: a start, a stop, the reclaim of a dead owner's, a succession and its end. */
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { acquireGatewayLock, type GatewayLock, type GatewayLockDeps, inheritLock } from '../../../daemon/supervisor/lock/gateway-lock.js';
import { sweepChildren } from '../../../shared/node/process/sweep-children.js';
import { inspectLock, isLockRecord, type LockRecord } from '../../../shared/node/files/lock-record.js';
import { readIdentity } from '../../../shared/node/process/process-identity.js';
import type { End, Operation } from './operation.js';

const paths = (root: string) => ({ lockPath: join(root, 'locks', 'gateway.lock'), dataLockPath: join(root, 'data.lock') });

const dependencies: GatewayLockDeps = {
  probe: () => Promise.resolve(undefined),
  pause: () => Promise.resolve(),
  sweep: sweepChildren,
  now: Date.now,
  log: () => undefined,
};

function record(root: string, instanceId: string, changes: Partial<LockRecord> = {}): LockRecord {
  const place = { configPath: join(root, 'config.json'), controlPath: join(root, 'gateway.sock'), home: root, dataDir: root };
  const rest = { instanceId, createdAt: '2026-03-01T12:00:00.000Z', host: '127.0.0.1', port: 18_790, version: '1', children: [] };
  return { ...readIdentity(), ...place, ...rest, ...changes };
}

const acquire = (root: string, instanceId: string): Promise<GatewayLock> =>
  acquireGatewayLock(paths(root), record(root, instanceId), dependencies);

function makeDirectories(root: string): void {
  mkdirSync(join(root, 'locks'), { mode: 0o700 });
}

function leaveDead(root: string): void {
  makeDirectories(root);
  const dead = JSON.stringify(record(root, 'gw_dead', { startTime: '1' }));
  for (const path of Object.values(paths(root))) writeFileSync(path, dead, { mode: 0o600 });
}

/** Whatever is there is a complete record for this user alone, and is that of `owner` where somebody was told so. */
function check(root: string, { how, told }: Pick<End, 'how' | 'told'>): string[] {
  return Object.values(paths(root)).flatMap((path) => {
    const state = inspectLock(path);
    const owner = told.at(-1);
    if (state === 'absent') return owner === 'released' || how !== 'done' ? [] : [`${path} is missing`];
    const { lock } = state;
    if (!isLockRecord(lock)) return [`${path} is not a whole record: ${lock.unreadable}`];
    const problems = (statSync(path).mode & 0o777) === 0o600 ? [] : [`${path} is open to others`];
    // A lock that could not be removed is a dead holder's once the process has ended, and the next start takes it.
    const mayStay = owner === 'released' && lock.instanceId === 'gw_first';
    if (how === 'done' && lock.instanceId !== owner && !mayStay)
      problems.push(`${path} is that of ${lock.instanceId}, told was ${String(owner)}`);
    return problems;
  });
}

/** Of two starts that find what was left, exactly one gets both locks. */
async function startTwice(root: string, tell: (step: unknown) => void): Promise<void> {
  const starts = await Promise.allSettled(['gw_one', 'gw_two'].map((id) => acquire(root, id)));
  const [winner, ...others] = starts.flatMap((start) => (start.status === 'fulfilled' ? [start.value.record.instanceId] : []));
  if (winner === undefined || others.length > 0)
    throw new Error(`${others.length + (winner === undefined ? 0 : 1)} of two starts got the lock`);
  tell(winner);
}

const shared = { check, endsProcess: true, later: startTwice };

export const operations: readonly Operation[] = [
  {
    ...shared,
    name: 'lock: start and stop',
    prepare: makeDirectories,
    async run(root, tell) {
      const lock = await acquire(root, 'gw_first');
      tell('gw_first');
      lock.update({ port: 1 });
      lock.renew(Date.now());
      lock.release();
      tell('released');
    },
  },
  {
    ...shared,
    name: 'lock: reclaim of a dead owner',
    prepare: leaveDead,
    async run(root, tell) {
      await acquire(root, 'gw_first');
      tell('gw_first');
    },
  },
  {
    ...shared,
    name: 'lock: succession, given up and done',
    prepare: makeDirectories,
    async run(root, tell) {
      const predecessor = await acquire(root, 'gw_first');
      predecessor.handOver();
      inheritLock(paths(root), record(root, 'gw_failed', { startTime: '1' }));
      await predecessor.takeBack(dependencies);
      tell('gw_first');
      predecessor.handOver();
      const successor = inheritLock(paths(root), record(root, 'gw_second'));
      tell('gw_second');
      predecessor.release();
      successor.update({ port: 2 });
    },
  },
];
