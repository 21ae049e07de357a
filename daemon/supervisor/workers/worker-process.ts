/** One worker from spawn to exit: its IPC channel, its phase, its heartbeat and its end. Decides nothing. */
import type { Clock } from '../../../shared/clock.js';
import type { CutWork, ExitRecord } from '../../../shared/control/messages.js';
import type { SupervisorMessage, WorkerBoot, WorkerMessage, WorkerVitals } from '../../../shared/ipc/messages.js';
import type { Logger } from '../../../shared/node/log/logger.js';
import type { Redactor } from '../../../shared/node/secrets/redact.js';
import type { Child, ChildExit, NativeHandle, SpawnChild } from './child-process.js';
import { makeExitRecord } from './exit-record.js';
import { HeartbeatMonitor } from './heartbeat.js';
import type { ListenSocket } from '../socket/listen-socket.js';
import { captureOutput, type CapturedOutput } from './worker-output.js';

export type WorkerPhase = 'booting' | 'ready' | 'listening' | 'active' | 'retiring' | 'exited';

/** What a worker that cannot start said about it. */
export type Refusal = Extract<WorkerMessage, { type: 'bootFailed' }>;
export type Readiness = Extract<WorkerMessage, { type: 'ready' }>;

export interface WorkerHandlers {
  /** Everything but heartbeats, after the worker's own facts have been updated. */
  onMessage(worker: WorkerProcess, message: WorkerMessage): void;
  onExit(worker: WorkerProcess, record: ExitRecord): void;
  /** The same record with everything that the worker has printed. */
  onLastWords?(worker: WorkerProcess, record: ExitRecord): void;
}

/** A worker that is not ready by then is killed; slow disks get their time. */
export const BOOT_LIMIT_MS = 120_000;
/** A ready worker that does not listen by then hangs; a takeover from a predecessor (10 s at most) may come first. */
export const LISTEN_LIMIT_MS = 30_000;
/** A worker that has said why it cannot start leaves by itself within this time. */
export const REFUSAL_LIMIT_MS = 2_000;
/** How long the guard thread has to write the hung main thread's stack. */
const STACK_CAPTURE_MS = 1_000;
/** Raw output still in the pipe at the exit is waited for this long: a grandchild may hold the pipe open. */
const OUTPUT_DRAIN_MS = 500;

export class WorkerProcess {
  readonly instanceId: string;
  readonly startedAtMs: number;
  phase: WorkerPhase = 'booting';
  hasQuiesced = false;
  activeSinceMs: number | undefined;
  drainingSinceMs: number | undefined;
  /** What it was told to listen on. */
  listenSocket: ListenSocket | undefined;
  readiness: Readiness | undefined;
  refusal: Refusal | undefined;
  vitals: WorkerVitals | undefined;
  cut: CutWork | undefined;
  /** Set when we killed it ourselves, with the reason in words. */
  killedFor: string | undefined;
  readonly #child: Child;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #handlers: WorkerHandlers;
  readonly #output: CapturedOutput;
  readonly #heartbeat: HeartbeatMonitor;
  #cancelStartLimit: () => void = () => undefined;
  #cancelDeadline: (() => void) | undefined;

  constructor(options: {
    boot: WorkerBoot;
    extra: Record<string, string>;
    clock: Clock;
    log: Logger;
    handlers: WorkerHandlers;
    redactor?: Redactor;
    hangAfterMs?: number;
    spawn: SpawnChild;
  }) {
    this.instanceId = options.boot.instanceId;
    this.#clock = options.clock;
    this.#handlers = options.handlers;
    this.startedAtMs = options.clock.now();
    this.#child = options.spawn(
      { role: 'worker', boot: options.boot, extra: options.extra, output: 'pipe' },
      { onMessage: (message) => this.#receive(message), onExit: (exit) => void this.#exited(exit) },
    );
    this.#log = options.log.child({ worker: this.#child.pid });
    const { stdout, stderr } = this.#child;
    const { clock, redactor } = options;
    this.#output = captureOutput({ stdout, stderr, log: this.#log, clock, ...(redactor === undefined ? {} : { redactor }) });
    this.#heartbeat = new HeartbeatMonitor({
      clock: options.clock,
      ...(options.hangAfterMs === undefined ? {} : { hangAfterMs: options.hangAfterMs }),
      onHang: (silentMs) => this.#hang(silentMs),
    });
    this.#limitStart(BOOT_LIMIT_MS, 'was not ready');
  }

  get pid(): number {
    return this.#child.pid;
  }

  send(message: SupervisorMessage, handle?: NativeHandle): void {
    if (this.phase !== 'exited') this.#child.send(message, handle);
  }

  activate(): void {
    this.phase = 'active';
    this.activeSinceMs = this.#clock.now();
    this.send({ type: 'activate' });
  }

  /** One deadline, held here: the worker is told a little less, and is killed with its group at the end. */
  drain(mode: 'restart' | 'stop', timeoutMs: number): void {
    if (this.phase === 'exited') return;
    this.phase = 'retiring';
    this.drainingSinceMs ??= this.#clock.now();
    this.#heartbeat.stop();
    this.#cancelStartLimit();
    this.#cancelDeadline?.();
    if (timeoutMs <= 0) return this.kill('was stopped by force');
    this.send({ type: 'drain', mode, timeoutMs });
    this.#cancelDeadline = this.#clock.after(timeoutMs, () => this.kill(`did not finish within its ${timeoutMs} ms to drain`));
  }

  kill(reason: string): void {
    if (this.phase === 'exited') return;
    this.killedFor ??= reason;
    this.#log.warn({ reason }, 'killing the worker and its process group');
    this.#child.kill();
  }

  #receive(raw: unknown): void {
    const message = asWorkerMessage(raw);
    if (message === undefined) {
      this.#log.warn({ message: JSON.stringify(raw)?.slice(0, 200) }, 'the worker sent an unknown message');
      return;
    }
    switch (message.type) {
      case 'heartbeat':
        this.vitals = message.vitals;
        this.#heartbeat.beat();
        return;
      case 'ready':
        if (this.phase !== 'booting') return; // said twice, or while it drains
        this.#becomeReady(message);
        break;
      case 'listening':
        if (this.phase !== 'ready') return;
        this.#startListening();
        break;
      case 'bootFailed':
        this.refusal = message;
        this.#limitStart(REFUSAL_LIMIT_MS, 'did not leave');
        break;
      case 'quiesced':
        this.hasQuiesced = true;
        break;
      case 'drained':
        this.cut = message.cut;
        break;
      default:
    }
    this.#handlers.onMessage(this, message);
  }

  #becomeReady(readiness: Readiness): void {
    this.phase = 'ready';
    this.readiness = readiness;
    this.#limitStart(LISTEN_LIMIT_MS, 'did not listen');
  }

  #startListening(): void {
    this.phase = 'listening';
    this.#cancelStartLimit();
    this.#heartbeat.start();
  }

  #limitStart(limitMs: number, failing: string): void {
    this.#cancelStartLimit();
    this.#cancelStartLimit = this.#clock.after(limitMs, () => this.kill(`${failing} within ${limitMs / 1000} s`));
  }

  #hang(silentMs: number): void {
    this.#log.error({ silentMs }, 'the worker does not answer; its stack follows');
    this.#child.requestStack();
    this.#clock.after(STACK_CAPTURE_MS, () => this.kill(`did not answer for ${Math.round(silentMs / 1000)} s`));
  }

  async #exited(exit: ChildExit): Promise<void> {
    this.phase = 'exited';
    this.#heartbeat.stop();
    this.#cancelStartLimit();
    this.#cancelDeadline?.();
    this.#child.kill(); // whatever it started goes with it
    const atMs = this.#clock.now();
    const record = (): ExitRecord => {
      const killedFor = this.killedFor === undefined ? {} : { killedFor: this.killedFor };
      return makeExitRecord({ pid: this.pid, exit, output: this.#output.tail(), atMs, ...killedFor });
    };
    // The next worker does not wait for the last words, which may still be in the pipe.
    this.#handlers.onExit(this, record());
    await this.#output.drained(OUTPUT_DRAIN_MS);
    this.#handlers.onLastWords?.(this, record());
  }
}

const WORKER_MESSAGE_TYPES: ReadonlySet<unknown> = new Set<WorkerMessage['type']>([
  'ready',
  'listening',
  'active',
  'quiesced',
  'drained',
  'heartbeat',
  'bootFailed',
  'configResult',
  'rotateLogs',
  'query',
]);

/** The worker is our own code, but it may be of a newer build: an unknown type is dropped, not trusted. */
function asWorkerMessage(raw: unknown): WorkerMessage | undefined {
  if (typeof raw !== 'object' || raw === null || !('type' in raw)) return undefined;
  return WORKER_MESSAGE_TYPES.has(raw.type) ? (raw as WorkerMessage) : undefined;
}
