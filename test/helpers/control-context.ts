/** What control requests ask of a gateway, with a record of what they asked. */
import type { ControlContext } from '../../daemon/supervisor/control/control-requests.js';
import type { OwnToken, RestartResult } from '../../shared/control/messages.js';
import type { StatusDocument } from '../../shared/api/gateway/status.js';
import { GatewayError, type Problem } from '../../shared/errors.js';
import { FakeClock } from './fake-clock.js';

export const RESULT: RestartResult = { instanceId: 'wk_2', workerPid: 22, pid: 1, succession: 'none', durationMs: 5 };
export const STATUS = {
  state: 'running',
  instanceId: 'gw_1',
  ready: true,
  host: '127.0.0.1',
  port: 18_790,
  worker: { pid: 11, instanceId: 'wk_1' },
} as StatusDocument;
export interface Facts {
  desired?: 'up' | 'down';
  isUnderWay?: boolean;
  isNewerInstalled?: boolean;
  noRespawn?: boolean;
  serviceMarker?: string | null;
  isReady?: boolean;
  token?: OwnToken;
  arriving?: Promise<void>;
  moving?: Promise<void>;
  removed?: readonly Problem[];
  /** Outcomes of the restarts in place that are under way, one after the other. */
  restarting?: Promise<RestartResult>[];
}

/** What was called, in order, on a gateway in that state. */
export function controlled(facts: Facts = {}): { context: ControlContext; called: string[]; clock: FakeClock } {
  const [called, restarting]: [string[], Promise<RestartResult>[]] = [[], facts.restarting ?? []];
  const clock = new FakeClock();
  const context: ControlContext = {
    clock,
    supervisor: {
      desired: facts.desired ?? 'up',
      get isRestarting() {
        return restarting.length > 0;
      },
      requestRestart: ({ timeoutMs }) => {
        if (facts.desired === 'down') return Promise.reject(new GatewayError('CONFLICT', { message: 'a restore is in progress' }));
        called.push(`restart ${timeoutMs}`);
        return restarting.shift() ?? Promise.resolve(RESULT);
      },
      requestStop: ({ purpose, timeoutMs }) => {
        called.push(`${purpose} ${timeoutMs}`);
        return Promise.resolve({ stopped: true, pid: 1, cut: { requests: 0, streams: 0, sockets: 0 }, durationMs: 9 });
      },
    },
    succession: {
      isUnderWay: facts.isUnderWay ?? false,
      successorPid: 22,
      run: (options) => {
        called.push(`succession ${JSON.stringify(options)}`);
        return Promise.resolve({ ...RESULT, succession: 'successor' });
      },
      abort: ({ code }) => void called.push(`abort ${code}`),
    },
    status: { document: () => ({ ...STATUS, ready: facts.isReady ?? true }) },
    changes: {
      token: facts.token,
      get moving() {
        return facts.moving;
      },
    },
    rehearse: async () => void called.push('rehearsal'),
    predecessor: {
      get arriving() {
        return facts.arriving;
      },
      dismiss: (timeoutMs) => void called.push(`dismiss ${timeoutMs}`),
    },
    restoration: {
      run: ({ id, timeoutMs }) => {
        called.push(`restore ${id} ${timeoutMs}`);
        return Promise.resolve({ ...RESULT, replaced: '/kept' });
      },
    },
    config: { settings: { drainTimeoutMs: 5_000 }, removed: () => facts.removed ?? [] },
    isNewerInstalled: () => facts.isNewerInstalled ?? false,
    noRespawn: facts.noRespawn ?? false,
    serviceMarker: facts.serviceMarker ?? null,
  };
  return { context, called, clock };
}
