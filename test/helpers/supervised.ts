/** The supervisor's event loop with fake children, a fake clock and a real configuration. */
import type { ListenSocket } from '../../daemon/supervisor/socket/listen-socket.js';
import { LiveConfig } from '../../daemon/supervisor/config/live-config.js';
import { Respawn } from '../../daemon/supervisor/state/respawn.js';
import { RestartPolicy } from '../../daemon/supervisor/state/restart-policy.js';
import type { StopOptions } from '../../daemon/supervisor/state/stop-plan.js';
import { WorkerSlots } from '../../daemon/supervisor/workers/worker-slots.js';
import { Supervisor } from '../../daemon/supervisor/supervisor.js';
import type { SupervisorDeps } from '../../daemon/supervisor/state/supervisor-deps.js';
import type { RestartResult, StopResult } from '../../shared/control/messages.js';
import type { GatewayError } from '../../shared/errors.js';
import type { LockedChild } from '../../shared/node/files/lock-record.js';
import { createRedactor } from '../../shared/node/secrets/redact.js';
import { type FakeChild, type FakeSpawn, fakeSpawn, readyMessage } from './fake-child.js';
import { FakeClock } from './fake-clock.js';
import { type GatewayHome, gatewayHome } from './gateway-home.js';
import { recordingLogger } from './recording-logger.js';

export const SOCKET = { host: '127.0.0.1', port: 18_790, handle: { is: 'the listening handle' } } as unknown as ListenSocket;

/** What a successor asks of the gateway before it. */
type FakePredecessor = Pick<SupervisorDeps['resources'], 'takeOver' | 'retirePredecessor'>;

export class Supervised {
  readonly clock = new FakeClock();
  readonly fake: FakeSpawn = fakeSpawn();
  readonly logger = recordingLogger();
  readonly home: GatewayHome = gatewayHome();
  readonly config: LiveConfig;
  readonly respawn: Respawn;
  readonly supervisor: Supervisor;
  /** What it told the rest of the gateway, in order: `active wk_…`, `failed`, `quiesced`, `left 0` … */
  readonly told: string[] = [];
  readonly progress: string[] = [];
  /** Types of the messages that are others' business. */
  readonly passedOn: string[] = [];
  /** Why a cold start gave up. */
  leaveError: GatewayError | undefined;
  lockedChildren: readonly LockedChild[] = [];
  readonly resources: { -readonly [Name in keyof SupervisorDeps['resources']]: SupervisorDeps['resources'][Name] } = {
    openSocket: undefined,
    isSuccessor: false,
    updateLock: ({ children }) => void (this.lockedChildren = children ?? this.lockedChildren),
    takeOver: () => Promise.resolve(),
    retirePredecessor: () => Promise.resolve(),
  };

  constructor(predecessor?: FakePredecessor) {
    this.resources = { ...this.resources, ...(predecessor === undefined ? {} : { isSuccessor: true, ...predecessor }) };
    this.config = new LiveConfig({ paths: this.home.paths, flags: {}, environment: this.home.environment });
    this.respawn = new Respawn({ policy: new RestartPolicy(() => 1), clock: this.clock });
    this.supervisor = new Supervisor({
      clock: this.clock,
      log: this.logger.log,
      redactor: createRedactor(),
      paths: this.home.paths,
      config: this.config,
      respawn: this.respawn,
      workerEnvironment: {},
      spawn: this.fake.spawn,
      slots: new WorkerSlots(),
      resources: this.resources,
      onFailed: () => void this.told.push('failed'),
    });
    this.supervisor.on('workerMessage', (_worker, message) => void this.passedOn.push(message.type));
    this.supervisor.on('active', (worker) => void this.told.push(`active ${worker.pid}`));
    this.supervisor.on('quiesced', () => void this.told.push('quiesced'));
    this.supervisor.on('left', ({ exitCode, error }) => {
      this.leaveError = error;
      this.told.push(`left ${exitCode}`);
    });
  }

  /** Started, with its socket; the first worker boots. */
  static started(predecessor?: FakePredecessor): Supervised {
    const supervised = new Supervised(predecessor);
    if (predecessor === undefined) supervised.resources.openSocket = SOCKET;
    supervised.supervisor.dispatch({ type: 'start' });
    return supervised;
  }

  /** Started, with a worker that serves. */
  static running(): Supervised & { readonly first: FakeChild } {
    const supervised = Supervised.started();
    const first = supervised.worker;
    supervised.comesUp(first);
    return Object.assign(supervised, { first });
  }

  /** The worker that was started last. */
  get worker(): FakeChild {
    return this.fake.last('worker');
  }

  get workers(): FakeChild[] {
    return this.fake.children.filter(({ options }) => options.role === 'worker');
  }

  get fallbacks(): FakeChild[] {
    return this.fake.children.filter(({ options }) => options.role === 'fallback');
  }

  /** The worker boots, and listens when it is told to. */
  comesUp(child: FakeChild): void {
    child.says(readyMessage());
    if (child.last('listen') === undefined) throw new Error('the worker was not told to listen');
    child.says({ type: 'listening' });
  }

  /** The worker says that its configuration is invalid, and leaves. */
  refuses(child: FakeChild, code = 'CONFIG_INVALID'): void {
    child.says({
      type: 'bootFailed',
      error: { code, message: 'gateway.port is wrong' },
      problems: [{ key: 'gateway.port', message: 'is wrong' }],
    });
    child.exits({ code: 78 });
  }

  restart(timeoutMs?: number): Promise<RestartResult> {
    const outcome = this.supervisor.requestRestart({ timeoutMs }, (message) => void this.progress.push(message));
    outcome.catch(() => undefined);
    return outcome;
  }

  stop(options: Partial<StopOptions> = {}): Promise<StopResult> {
    const outcome = this.supervisor.requestStop(
      { purpose: 'stop', timeoutMs: 5_000, ...options },
      (message) => void this.progress.push(message),
    );
    outcome.catch(() => undefined);
    return outcome;
  }
}
