/**
 * Composition of the supervisor: connects signals, files, requests and resources with the event loop, and takes
 * everything down again in order.
 */
import type { Clock } from '../../shared/clock.js';
import type { StatusDocument } from '../../shared/control/messages.js';
import type { GatewayError } from '../../shared/errors.js';
import { newId } from '../../shared/ids.js';
import { readBuildInfo } from '../../shared/node/build/bundle.js';
import type { SupervisorOptions } from '../../shared/node/process/entry.js';
import { Arrival } from './succession/arrival.js';
import { spawnChild, type SpawnChild } from './workers/child-process.js';
import { ConfigChanges } from './config/config-changes.js';
import { type ControlContext, createControlHandler, restartUnasked, stopForGood } from './control/control-requests.js';
import { ControlServer } from './control/control-server.js';
import { openFoundation, type Foundation } from './config/foundation.js';
import { GatewayResources, type Predecessor } from './succession/gateway-resources.js';
import type { ListenSocket } from './socket/listen-socket.js';
import { learnFileSecrets } from './config/known-secrets.js';
import { LogRotation } from './logs/log-rotation.js';
import { rehearse } from './workers/rehearsal.js';
import { Restoration } from './config/restoration.js';
import { Respawn } from './state/respawn.js';
import { RestartPolicy } from './state/restart-policy.js';
import { listenToSignals } from './control/signals.js';
import { HASTENED_MS } from './state/stop-plan.js';
import { makeStatus } from './control/status-document.js';
import { Succession } from './succession/succession.js';
import { Supervisor } from './supervisor.js';
import { WorkerRequests } from './workers/worker-requests.js';

/** What one start of a gateway is given. */
export interface GatewayStart extends SupervisorOptions {
  readonly clock: Clock;
  /** Set for a successor. */
  readonly predecessor?: Predecessor;
  /** Called when too many workers have died for the start to succeed; tries continue. */
  readonly onFailed?: (error: GatewayError | undefined) => void;
  readonly spawn?: SpawnChild;
}

type Outcome = { readonly exitCode: number; readonly error: GatewayError | undefined };

const quiet = (): void => undefined;

/** One running gateway. */
export class Gateway {
  readonly #start: GatewayStart;
  readonly #foundation: Foundation;
  readonly #instanceId = newId('gw');
  readonly #startedAtMs: number;
  readonly #respawn: Respawn;
  readonly #supervisor: Supervisor;
  readonly #resources: GatewayResources;
  readonly #succession: Succession;
  readonly #restoration: Restoration;
  /** Of a successor. */
  readonly #arrival: Arrival | undefined;
  readonly #rotation: LogRotation;
  readonly #requests: WorkerRequests;
  readonly #changes: ConfigChanges;
  #isRunning = false;
  #onLeave: (outcome: Outcome) => void = quiet;

  /** Creates directories and reads the configuration, nothing else. @throws CONFIG_INVALID */
  constructor(start: GatewayStart) {
    const { clock } = start;
    this.#start = start;
    this.#startedAtMs = clock.now();
    this.#arrival = start.predecessor === undefined ? undefined : new Arrival(start.predecessor.link);
    this.#foundation = openFoundation(start, () => this.#rotation.request());
    const { paths, config, log, logFile, redactor, build } = this.#foundation;
    this.#rotation = new LogRotation({
      logPath: paths.logPath,
      limits: () => config.settings.logs,
      reopenWriters: () => {
        logFile.reopen();
        for (const worker of this.#supervisor.slots.all()) worker.send({ type: 'reopenLogs' });
      },
      onError: (error) => log.error({ err: error }, 'log rotation failed'),
    });
    this.#respawn = new Respawn({ policy: new RestartPolicy(), clock });
    this.#supervisor = this.#makeSupervisor();
    const control = new ControlServer({
      path: paths.controlPath,
      handler: createControlHandler(this.#controlContext()),
      onError: (error) => log.error({ err: error }, 'control socket'),
    });
    const onSocket = (socket: ListenSocket): void => this.#supervisor.useSocket(socket);
    this.#resources = new GatewayResources({
      paths,
      control,
      clock,
      log,
      record: { instanceId: this.#instanceId, createdAt: new Date(this.#startedAtMs).toISOString(), version: build.version },
      onSocket,
      keepsSocket: start.environment.keepsSocket,
    });
    this.#succession = this.#makeSuccession();
    this.#restoration = new Restoration({ paths, log, supervisor: this.#supervisor });
    this.#requests = new WorkerRequests({
      status: () => this.status(),
      restart: (reason) => this.#restartUnasked(reason),
      rotateLogs: () => this.#rotation.request(),
      configResult: (worker, result) => this.#changes.answered(worker, result),
    });
    this.#changes = new ConfigChanges({
      config,
      supervisor: this.#supervisor,
      resources: this.#resources,
      clock,
      log,
      onApplied: () => {
        learnFileSecrets(redactor, paths);
        logFile.setMaxBytes(config.settings.logs.maxBytes);
      },
    });
  }

  /** Runs until the gateway has stopped. @returns the exit code @throws why a cold start failed */
  async run(): Promise<number> {
    const { environment, predecessor } = this.#start;
    const { settings } = this.#foundation.config;
    const stopListening = this.#listenToSignals();
    try {
      if (predecessor === undefined) await this.#resources.take(settings, environment);
      else await this.#resources.prepare(settings, predecessor);
      if (this.#supervisor.desired === 'down') return 0; // stopped while it took them
      const { exitCode, error } = await this.#untilLeft();
      if (error !== undefined) throw error;
      return exitCode;
    } finally {
      stopListening();
      await this.#end();
    }
  }

  /** Returns when this process may exit: not before a successor serves. If that died instead, this gateway continues. */
  async #untilLeft(): Promise<Outcome> {
    let left = this.#nextLeave();
    this.#supervisor.dispatch({ type: 'start' });
    for (;;) {
      const outcome = await left;
      await this.#succession.settled;
      await this.#restoration.replaceState();
      left = this.#nextLeave();
      if (this.#succession.isOver || !this.#supervisor.resume()) {
        await this.#arrival?.predecessorLeft;
        return outcome;
      }
      this.#restoration.resumed();
    }
  }

  #nextLeave(): Promise<Outcome> {
    return new Promise((resolve) => {
      this.#onLeave = resolve;
    });
  }

  status(): StatusDocument {
    const { paths, config, build } = this.#foundation;
    const supervisor = this.#supervisor;
    const { host, port } = this.#resources.address ?? config.settings;
    return makeStatus({
      state: supervisor.state,
      desired: supervisor.desired,
      ready: supervisor.isReady,
      instanceId: this.#instanceId,
      startedAtMs: this.#startedAtMs,
      nowMs: this.#start.clock.now(),
      build,
      installed: readBuildInfo(),
      host,
      port,
      paths,
      settings: config.settings,
      supervisedBy: this.#start.environment.serviceMarker,
      active: supervisor.slots.active,
      retiring: [...supervisor.slots.retiring],
      restarts: { planned: supervisor.plannedRestarts, crashes: this.#respawn.crashes },
      lastExit: this.#respawn.lastExit,
      nextAttemptAtMs: this.#respawn.nextAttemptAtMs,
      fallback: supervisor.fallback.isRunning,
      auth: this.#changes.auth,
      warnings: [...config.warnings, ...this.#changes.warnings],
    });
  }

  #controlContext(): ControlContext {
    const { config, build } = this.#foundation;
    const { environment } = this.#start;
    return {
      supervisor: this.#supervisor,
      succession: () => this.#succession,
      arriving: () => this.#arrival?.pending,
      dismissPredecessor: (timeoutMs) => this.#arrival?.dismissPredecessor(timeoutMs),
      restoration: () => this.#restoration,
      status: () => this.status(),
      successorForMs: () => this.#arrival?.servesForMs(this.#start.clock.now()),
      drainTimeoutMs: () => config.settings.drainTimeoutMs,
      isNewerInstalled: () => (readBuildInfo()?.buildId ?? build.buildId) !== build.buildId,
      rehearse: () => rehearse(this.#start.spawn ?? spawnChild, this.#start.clock, this.#start.flags),
      noRespawn: environment.noRespawn,
      serviceMarker: environment.serviceMarker,
    };
  }

  #makeSupervisor(): Supervisor {
    const { clock, flags, predecessor } = this.#start;
    const { log, paths, config, redactor } = this.#foundation;
    return new Supervisor({
      clock,
      log,
      redactor,
      paths,
      config,
      respawn: this.#respawn,
      spawn: this.#start.spawn ?? spawnChild,
      workerEnvironment: flags.token === undefined ? {} : { XOPC_GATEWAY_TOKEN: flags.token },
      updateLock: (patch) => this.#resources.updateLock(patch),
      onWorkerMessage: (worker, message) => this.#requests.receive(worker, message),
      onActive: (worker, source) => {
        learnFileSecrets(redactor, paths);
        this.#changes.workerActive(worker, source);
        this.#announceRunning(worker);
      },
      onFailed: () => this.#start.onFailed?.(this.#respawn.failure),
      onLeave: (exitCode, error) => this.#onLeave({ exitCode, error }),
      onQuiesced: () => this.#succession.quiesced(),
      ...(predecessor === undefined
        ? {}
        : {
            takeOver: () => this.#resources.takeOver(predecessor),
            retirePredecessor: () =>
              this.#resources.retire(predecessor, predecessor.drainTimeoutMs ?? config.settings.drainTimeoutMs, () =>
                this.#supervisor.dispatch({ type: 'quiesced' }),
              ),
          }),
    });
  }

  #makeSuccession(): Succession {
    const { log, config } = this.#foundation;
    return new Succession({
      log,
      clock: this.#start.clock,
      instanceId: this.#instanceId,
      flags: this.#start.flags,
      spawn: this.#start.spawn ?? spawnChild,
      socket: () => this.#resources.socket,
      handOver: () => this.#resources.handOver(),
      takeBack: () => this.#resources.takeBack(),
      retire: (timeoutMs = config.settings.drainTimeoutMs) =>
        void this.#supervisor.requestStop({ purpose: 'succession', timeoutMs }, quiet),
      stop: (timeoutMs = config.settings.drainTimeoutMs) => void this.#supervisor.requestStop({ purpose: 'stop', timeoutMs }, quiet),
    });
  }

  #announceRunning(worker: { pid: number; instanceId: string }): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    const { paths, build, log } = this.#foundation;
    const { host, port } = this.#resources.socket;
    log.info({ host, port, configPath: paths.configPath, version: build.version }, 'gateway running');
    this.#start.predecessor?.link.succeeded(worker);
    this.#arrival?.complete(this.#start.clock.now());
    this.#start.onRunning?.({ host, port, instanceId: this.#instanceId });
    this.#changes.start();
  }

  /** A restart that no client waits for. */
  #restartUnasked(reason: string): void {
    restartUnasked(this.#controlContext(), reason, this.#foundation.log);
  }

  #listenToSignals(): () => void {
    const { environment, foreground } = this.#start;
    const { log, config } = this.#foundation;
    return listenToSignals({
      log,
      hangupStops: foreground && process.stdin.isTTY,
      stop: () => {
        const isFirst = this.#supervisor.desired === 'up';
        void stopForGood(this.#controlContext(), isFirst ? config.settings.drainTimeoutMs : HASTENED_MS, quiet);
      },
      ...(environment.allowSigusr1Restart ? { restart: () => this.#restartUnasked('SIGUSR1') } : {}),
    });
  }

  async #end(): Promise<void> {
    await this.#changes.close();
    this.#resources.release();
    const { successorPid } = this.#succession;
    if (successorPid !== undefined) this.#start.onSucceeded?.(successorPid);
    else if (this.#resources.address !== undefined) this.#foundation.log.info('gateway stopped');
    this.#foundation.logFile.close();
  }
}
