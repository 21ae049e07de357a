/** Waits until a gateway that does not answer ends or answers again. */
import type { LockRecord } from '../../../shared/node/files/lock-record.js';
import type { GatewayPaths } from '../../../shared/node/process/paths.js';
import { callControl } from '../control-client.js';
import { waitUntilGone } from './end-process.js';
import { sendSignal } from '../../../shared/node/process/send-signal.js';
import { readDrainTimeoutMs } from '../gateway-settings.js';
import { isProven, requireProven } from './kill-gateway.js';

/** Added to the drain time. */
const MARGIN_MS = 1_000;

export type Roused = 'gone' | 'answers' | 'silent';

interface Rousing {
  readonly paths: GatewayPaths;
  readonly signals: readonly NodeJS.Signals[];
  /** Drain time in milliseconds; undefined: the configured one. */
  readonly timeoutMs: number | undefined;
  /** Announces that the caller kills a gateway that stays silent. */
  readonly note?: (text: string) => Promise<void>;
  /** Stops waiting. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Sends signals to a supervisor that does not answer, and waits for the drain time plus one second.
 * @returns `gone`: it has ended; `answers`: it responds again; `silent`: neither
 * @throws CONTROL_UNREACHABLE when the process cannot be verified as the lock's holder; the signal's reason
 */
export async function rouseGateway(lock: LockRecord, { paths, signals, timeoutMs, note, signal }: Rousing): Promise<Roused> {
  requireProven(lock);
  const limitMs = (timeoutMs ?? readDrainTimeoutMs(paths)) + MARGIN_MS;
  await note?.(`The gateway (pid ${lock.pid}) is not responding; it is killed if it neither ends nor answers within ${limitMs} ms.`);
  // Windows has no SIGCONT, and its SIGTERM ends a process at once.
  if (process.platform !== 'win32' && isProven(lock)) for (const name of signals) sendSignal(lock.pid, name);
  const decided = new AbortController();
  const until = AbortSignal.any([decided.signal, ...(signal === undefined ? [] : [signal])]);
  const limits = { connectMs: limitMs, firstFrameMs: limitMs, totalMs: limitMs };
  const gone = waitUntilGone([lock], limitMs, until).then((isGone) => (isGone ? ('gone' as const) : ('silent' as const)));
  const answer = callControl(lock.controlPath, { type: 'status' }, { deadlines: limits, signal: until }).then(
    () => 'answers' as const,
    // It has just closed its socket, or never had one; wait for its exit.
    () => gone,
  );
  try {
    const outcome = await Promise.race([gone, answer]);
    signal?.throwIfAborted();
    return outcome;
  } finally {
    decided.abort();
  }
}
