/**
 * The supervisor's event loop: an input becomes an event, the transition table gives the next state and the effects, and the
 * effects are carried out here. All decisions are made by the table and the policies.
 */
import { EventEmitter } from 'node:events';
import type { RestartResult, StopResult } from '../../shared/control/messages.js';
import type { ExitRecord } from '../../shared/api/gateway/status.js';
import { GatewayError } from '../../shared/errors.js';
import type { WorkerMessage } from '../../shared/ipc/messages.js';
import { classifyCandidateExit } from './workers/candidate-exit.js';
import type { Progress } from './control/control-server.js';
import { FallbackKeeper } from './workers/fallback-process.js';
import type { ConfigSource } from './config/live-config.js';
import { RestartTicket } from './state/restart-ticket.js';
import { type Effect, type Event, publicState, type State } from './state/state.js';
import { type StopOptions, StopPlan, stoppingError } from './state/stop-plan.js';
import type { Interludes, Outcome, SupervisorDeps, SupervisorEvents } from './state/supervisor-deps.js';
import { transition } from './state/transition.js';
import { launchWorker } from './workers/worker-launch.js';
import type { WorkerProcess } from './workers/worker-process.js';
import type { WorkerSlots } from './workers/worker-slots.js';

export class Supervisor extends EventEmitter<SupervisorEvents> {
  readonly slots: WorkerSlots;
  readonly fallback: FallbackKeeper;
  plannedRestarts = 0;
  readonly #deps: SupervisorDeps;
  readonly #sources = new WeakMap<WorkerProcess, ConfigSource>();
  #state: State = 'stopped';
  #queue: Event[] = [];
  #isDispatching = false;
  #hasServed = false;
  #ticket: RestartTicket | undefined;
  #stop: StopPlan | undefined;

  constructor(deps: SupervisorDeps) {
    super();
    this.#deps = deps;
    this.slots = deps.slots;
    this.fallback = new FallbackKeeper({
      clock: deps.clock,
      resources: deps.resources,
      respawn: deps.respawn,
      onChange: () => this.recordChildren(),
      spawn: deps.spawn,
    });
  }

  get state(): ReturnType<typeof publicState> {
    return publicState(this.#state);
  }

  get desired(): 'up' | 'down' {
    return this.#stop === undefined ? 'up' : 'down';
  }

  get isReady(): boolean {
    return this.#stop === undefined && this.slots.isAccepting;
  }

  get isRestarting(): boolean {
    return this.#ticket !== undefined || this.#stop?.purpose === 'serviceRestart';
  }

  /** Runs until this process may exit, never before a successor serves. Continues if that dies instead, or after a restore. */
  async run({ succession, restoration }: Interludes): Promise<Outcome> {
    let left = this.#nextLeave();
    this.dispatch({ type: 'start' });
    for (;;) {
      const outcome = await left;
      await succession.settled;
      await restoration.replaceState();
      left = this.#nextLeave();
      if (succession.isOver || !this.resume()) return outcome;
      restoration.resumed();
    }
  }

  #nextLeave(): Promise<Outcome> {
    return new Promise((resolve) => this.once('left', resolve));
  }

  dispatch(event: Event): void {
    this.#queue.push(event);
    if (this.#isDispatching) return;
    this.#isDispatching = true;
    try {
      for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) this.#step(next);
    } finally {
      this.#isDispatching = false;
    }
  }

  /** Starts a restart or joins the one in progress. @throws STOPPING, CONFLICT during a restore, or the reason why the new worker failed */
  requestRestart(options: { timeoutMs: number | undefined }, progress: Progress): Promise<RestartResult> {
    if (this.#stop !== undefined) return Promise.reject(this.#stop.refusal);
    this.#ticket ??= new RestartTicket({ clock: this.#deps.clock, timeoutMs: options.timeoutMs });
    const outcome = this.#ticket.join(progress);
    this.dispatch({ type: 'restart' });
    return outcome;
  }

  /** Starts a stop, or joins the one in progress, whose deadline it can only move earlier. */
  requestStop(options: StopOptions, progress: Progress): Promise<StopResult> {
    const request = { ...options, nowMs: this.#deps.clock.now() };
    const isNew = this.#stop === undefined;
    this.#stop ??= new StopPlan(request);
    const outcome = this.#stop.join(options.purpose, progress);
    this.#ticket?.fail(this.#stop.refusal);
    this.#ticket = undefined;
    if (isNew || this.#stop.tighten(request)) this.dispatch({ type: 'stop' });
    return outcome;
  }

  /** Continues after a failed succession or a restore. @returns false when a stop was requested meanwhile */
  resume(): boolean {
    if (this.#stop?.purpose !== 'succession' && this.#stop?.purpose !== 'restore') return false;
    this.#stop = undefined;
    this.dispatch({ type: 'start' });
    return true;
  }

  #step(event: Event): void {
    const from = this.#state;
    const { state, effects } = transition(from, event);
    this.#state = state;
    if (state !== from) this.#deps.log.debug({ from, event: event.type, state, effects }, 'state');
    for (const effect of effects) this.#carryOut(effect);
    if (publicState(state) === 'failed' && publicState(from) !== 'failed') this.#deps.onFailed?.(this.#deps.respawn.failure);
    const isServing = this.#deps.resources.openSocket !== undefined && state !== 'draining' && state !== 'stopped';
    this.fallback.update(isServing && !this.slots.hasSocket);
    this.#deps.onStep?.();
  }

  #carryOut(effect: Effect): void {
    const { respawn } = this.#deps;
    const effects: Record<Effect, () => void> = {
      spawn: () => this.#spawn(),
      listen: () => this.#listen(),
      retire: () => this.#retire(),
      install: () => this.#install(),
      activate: () => this.#activate(),
      completeRestart: () => this.#completeRestart(),
      failRestart: () => this.#failRestart(),
      scheduleRetry: () => this.#scheduleRetry(),
      cancelRetry: () => respawn.cancel(),
      forgive: () => respawn.forgive(),
      drainAll: () => this.#drainAll(),
      reportQuiesced: () => this.emit('quiesced'),
      hasten: () => this.#stop?.hasten(this.slots.all(), this.#deps.clock.now()),
      giveUp: () => this.#leave(respawn.failure?.spec.exitCode ?? 1, respawn.failure),
      leave: () => this.#leave(this.#stop?.exitCode ?? 0),
    };
    effects[effect]();
  }

  #spawn(): void {
    const { config } = this.#deps;
    // A requested restart uses the edited files and reports what is wrong with them; a respawn uses the configuration that works.
    const source = this.#ticket === undefined ? config.source() : config.editedSource();
    const worker = launchWorker(
      this.#deps,
      { source, liveInstanceIds: this.slots.instanceIds() },
      { onMessage: (from, message) => this.#received(from, message), onExit: (from, record) => this.#exited(from, record) },
    );
    this.#sources.set(worker, source);
    this.slots.candidate = worker;
    this.#ticket?.progress(`new worker (pid ${worker.pid}) is starting`);
    this.#announce();
  }

  #received(worker: WorkerProcess, message: WorkerMessage): void {
    const { type } = message;
    if (type === 'ready' || type === 'listening') {
      if (worker === this.slots.candidate) this.dispatch({ type });
    } else if (type === 'quiesced') {
      if (this.slots.quiesced(worker)) this.dispatch({ type });
    } else this.emit('workerMessage', worker, message);
  }

  #exited(worker: WorkerProcess, record: ExitRecord): void {
    const slot = this.slots.slotOf(worker);
    const hasQuiesced = this.slots.quiesced(worker);
    this.slots.remove(worker);
    const isPlanned = slot === 'retiring' && worker.killedFor === undefined;
    if (!isPlanned) this.#deps.respawn.lastExit = record;
    this.#deps.log[isPlanned ? 'info' : 'error'](
      { worker: record.pid, code: record.code, signal: record.signal, reason: record.reason },
      isPlanned ? 'worker finished' : 'worker died',
    );
    this.#stop?.countCut(worker);
    if (slot === 'candidate') {
      const [isAlone, isCold] = [this.slots.active === undefined, !this.#hasServed];
      this.dispatch(classifyCandidateExit(this.#deps, { worker, record, source: this.#sources.get(worker), isAlone, isCold }));
    }
    if (slot === 'active') this.dispatch({ type: 'activeExited', verdict: this.#deps.respawn.recordCrash(worker, record) });
    if (hasQuiesced) this.dispatch({ type: 'quiesced' });
    // Done after the next worker has been spawned: it boots while the lock is written to a possibly busy disk.
    this.#announce();
    if (this.slots.all().length === 0) this.dispatch({ type: 'allExited' });
  }

  #listen(): void {
    const { resources } = this.#deps;
    if (resources.openSocket !== undefined || !resources.isSuccessor) return this.#sendListen();
    resources.takeOver().then(
      () => (this.#stop === undefined ? this.#sendListen() : undefined),
      (error: unknown) => {
        this.#deps.log.error({ err: error }, 'the takeover failed');
        this.slots.candidate?.kill('failed to take over from the running gateway');
      },
    );
  }

  #sendListen(): void {
    const [{ candidate }, { openSocket }] = [this.slots, this.#deps.resources];
    if (candidate === undefined || openSocket === undefined) return;
    candidate.listenSocket = openSocket;
    // If both accepted, a client could get an answer from the worker and then a 503 from the fallback.
    this.fallback.stop(() => this.#stop === undefined && candidate.sendListen(openSocket));
  }

  #retire(): void {
    const old = this.slots.promote();
    const timeoutMs = this.#ticket?.timeoutMs ?? this.#deps.config.settings.drainTimeoutMs;
    this.#ticket?.progress(`new worker (pid ${this.slots.active?.pid}) accepts; the old one (pid ${old?.pid}) finishes its work`);
    old?.drain('restart', timeoutMs);
  }

  #install(): void {
    this.slots.promote();
    const { resources, config } = this.#deps;
    if (!this.#hasServed && resources.isSuccessor) {
      void resources.retirePredecessor(config.settings.drainTimeoutMs).then(() => this.dispatch({ type: 'quiesced' }));
      return;
    }
    if (!this.slots.isQuiescing) this.dispatch({ type: 'quiesced' });
  }

  #activate(): void {
    const worker = this.slots.active;
    if (worker === undefined) return;
    this.#hasServed = true;
    this.#deps.respawn.failure = undefined;
    worker.activate();
    this.emit('active', worker, this.#sources.get(worker));
    this.#deps.log.info(
      { worker: worker.pid, instanceId: worker.instanceId, bootMs: this.#deps.clock.now() - worker.startedAtMs },
      'worker active',
    );
  }

  #completeRestart(): void {
    const worker = this.slots.active;
    if (this.#ticket === undefined || worker === undefined) return;
    this.plannedRestarts += 1;
    this.#ticket.complete({ instanceId: worker.instanceId, workerPid: worker.pid, pid: process.pid, succession: 'none' });
    this.#ticket = undefined;
  }

  #failRestart(): void {
    this.#ticket?.fail(
      this.#deps.respawn.failure ?? new GatewayError('WORKER_NOT_READY', { message: 'the new worker did not become ready' }),
    );
    this.#ticket = undefined;
  }

  #scheduleRetry(): void {
    const { respawn, log } = this.#deps;
    const delayMs = respawn.schedule(() => this.dispatch({ type: 'retryDue' }));
    log.warn({ delayMs, reason: respawn.reason }, 'the next worker starts after a delay');
  }

  #drainAll(): void {
    const workers = this.slots.all();
    this.#deps.log.info({ workers: workers.length }, 'draining');
    this.#stop?.drain(workers, this.#deps.clock.now());
    this.slots.retireActive();
    if (!this.slots.isQuiescing) this.dispatch({ type: 'quiesced' });
    if (workers.length === 0) this.dispatch({ type: 'allExited' });
  }

  #leave(exitCode: number, error?: GatewayError): void {
    this.fallback.end();
    this.#ticket?.fail(error ?? stoppingError());
    this.#stop?.complete(this.#deps.clock.now());
    this.emit('left', { exitCode, error });
  }

  /** Writes the list of living workers to the lock and sends it to each worker, so that leases of dead workers end at once. */
  #announce(): void {
    this.recordChildren();
    this.slots.announcePeers();
  }

  recordChildren(): void {
    this.#deps.resources.updateLock({ children: [...this.slots.locked(), ...this.fallback.locked()] });
  }
}
