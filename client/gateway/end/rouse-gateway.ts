/** Waits until a gateway that does not answer ends or answers again. */
import type { LockRecord } from '../../../shared/node/files/lock-record.js';
import type { GatewayPaths } from '../../../shared/node/process/paths.js';
import { callControl } from '../control-client.js';
import { waitUntilGone } from './end-process.js';
import { sendSignal } from '../../../shared/node/process/send-signal.js';
import { readDrainTimeoutMs } from '../gateway-settings.js';
import { requireProven } from './kill-gateway.js';

/** Added to the drain time. */
const MARGIN_MS = 1_000;

interface Rousing {
  readonly paths: GatewayPaths;
  readonly signals: readonly NodeJS.Signals[];
  /** Drain time in milliseconds; undefined: the configured one. */
  readonly timeoutMs: number | undefined;
  readonly note: (text: string) => Promise<void>;
}

/**
 * Sends signals to a supervisor that does not answer, and waits for the drain time plus one second.
 * @returns `gone`: it has ended; `answers`: it responds again; `silent`: neither
 * @throws CONTROL_UNREACHABLE when the process cannot be verified as the lock's holder
 */
export async function rouseGateway(lock: LockRecord, { paths, signals, timeoutMs, note }: Rousing): Promise<'gone' | 'answers' | 'silent'> {
  requireProven(lock);
  const limitMs = (timeoutMs ?? readDrainTimeoutMs(paths)) + MARGIN_MS;
  await note(`The gateway (pid ${lock.pid}) is not responding; it is killed if it neither ends nor answers within ${limitMs} ms.`);
  for (const signal of signals) sendSignal(lock.pid, signal);
  const waiting = new AbortController();
  const limits = { connectMs: limitMs, firstFrameMs: limitMs, totalMs: limitMs };
  const gone = waitUntilGone([lock], limitMs, waiting.signal).then((isGone) => (isGone ? ('gone' as const) : ('silent' as const)));
  const answer = callControl(lock.controlPath, { type: 'status' }, { deadlines: limits, signal: waiting.signal }).then(
    () => 'answers' as const,
    // It has just closed its socket, or never had one; wait for its exit.
    () => gone,
  );
  try {
    return await Promise.race([gone, answer]);
  } finally {
    waiting.abort();
  }
}
