/** Inspects the holder of a lock: whether it is alive, and whether another path names the same configuration. */
import { connect } from 'node:net';
import { CONTROL_VERSION, MAX_REPLY_BYTES } from '../../../shared/control/messages.js';
import type { StatusDocument } from '../../../shared/api/gateway/status.js';
import { alreadyRuns, listAliases } from '../../../shared/node/files/gateway-locks.js';
import { isLeased, lockAgeMs, type LockRecord } from '../../../shared/node/files/lock-record.js';
import type { GatewayPaths } from '../../../shared/node/process/paths.js';
import { classifyProcess, isOfBoot } from '../../../shared/node/process/process-identity.js';

/** The gateway that answers on a control socket. */
export type ControlIdentity = Pick<StatusDocument, 'instanceId' | 'pid' | 'port' | 'host' | 'configPath'>;

export interface LockWorld {
  /** The gateway that answers on that control socket; undefined if none answers. */
  probe(controlPath: string): Promise<ControlIdentity | undefined>;
  pause(delayMs: number): Promise<void>;
  now(): number;
}

/** A holder in another pid namespace that has just taken the lock may not answer on its control socket yet. */
const FOREIGN_START = { limitMs: 3_000, stepMs: 100 } as const;

const PROBE_LIMIT_MS = 1_000;

/** Whether the process named by a lock is alive; see docs/adr/0001-lock.md, "Classify". */
export async function classifyHolder(path: string, record: LockRecord, world: LockWorld): Promise<'alive' | 'dead'> {
  const verdict = classifyProcess(record);
  if (verdict !== 'foreign') return verdict;
  const answers = async (): Promise<boolean> => (await world.probe(record.controlPath))?.instanceId === record.instanceId;
  if (await answers()) return 'alive';
  // Another container on this kernel would answer on the shared socket; another machine cannot, so its lease decides.
  if (!isOfBoot(record)) return isLeased(path, world.now()) ? 'alive' : 'dead';
  for (let leftMs: number = FOREIGN_START.limitMs; leftMs > 0; leftMs -= FOREIGN_START.stepMs) {
    if (lockAgeMs(path, world.now()) >= FOREIGN_START.limitMs) return 'dead';
    await world.pause(FOREIGN_START.stepMs);
    if (await answers()) return 'alive';
  }
  return 'dead';
}

/** Asks which gateway answers on that control socket. @returns undefined when none does; never throws */
export function probeControl(controlPath: string): Promise<ControlIdentity | undefined> {
  return new Promise((resolve) => {
    const socket = connect(controlPath);
    let text = '';
    const finish = (identity?: ControlIdentity): void => {
      socket.destroy();
      resolve(identity);
    };
    socket.setTimeout(PROBE_LIMIT_MS, () => finish());
    socket.setEncoding('utf8');
    socket.on('error', () => finish());
    socket.on('close', () => finish());
    socket.on('connect', () => socket.write(`${JSON.stringify({ v: CONTROL_VERSION, id: 'probe', type: 'status' })}\n`));
    socket.on('data', (chunk: string) => {
      text += chunk;
      if (text.includes('\n') || text.length > MAX_REPLY_BYTES) finish(identityIn(text));
    });
  });
}

function identityIn(frame: string): ControlIdentity | undefined {
  try {
    const { result } = JSON.parse(frame.slice(0, frame.indexOf('\n'))) as { result?: Partial<ControlIdentity> };
    const { instanceId, pid = 0, port = 0, host = '', configPath = '' } = result ?? {};
    return typeof instanceId === 'string' ? { instanceId, pid, port, host, configPath } : undefined;
  } catch {
    return undefined; // not a gateway
  }
}

/**
 * Refuses to start when a gateway already runs with this configuration under another path. Of two that start at once, the older one
 * stays.
 * @throws LOCK_HELD naming it
 */
export async function refuseAlias(paths: GatewayPaths, own: LockRecord, world: LockWorld): Promise<void> {
  for (const { lockPath, record } of listAliases(paths)) {
    const isOlder = record.createdAt < own.createdAt || (record.createdAt === own.createdAt && record.instanceId < own.instanceId);
    if (isOlder && (await classifyHolder(lockPath, record, world)) === 'alive') throw alreadyRuns(record, own.configPath);
  }
}
