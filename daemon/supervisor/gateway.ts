/** Composition of the supervisor: creates its parts in dependency order, runs them, and stops them in order. */
import { type Clock, isoTime } from '../../shared/clock.js';
import type { GatewayError } from '../../shared/errors.js';
import { RESTART_ME_EXIT_CODE } from '../../shared/exit-codes.js';
import { newId } from '../../shared/ids.js';
import { readBuildInfo } from '../../shared/node/build/bundle.js';
import type { SupervisorOptions } from '../../shared/node/process/entry.js';
import { ConfigChanges } from './config/config-changes.js';
import { openFoundation, refreshFoundation } from './config/foundation.js';
import { Restoration } from './config/restoration.js';
import { type ControlContext, createControlHandler, restartUnasked, stopForGood } from './control/control-requests.js';
import { GatewayStatus } from './control/gateway-status.js';
import { listenToSignals } from './control/signals.js';
import { LifeLog } from './state/life-log.js';
import { Respawn } from './state/respawn.js';
import { RestartPolicy } from './state/restart-policy.js';
import { HASTENED_MS } from './state/stop-plan.js';
import { GatewayResources, type Predecessor } from './succession/gateway-resources.js';
import type { PredecessorLink } from './succession/predecessor-link.js';
import { Succession } from './succession/succession.js';
import { Supervisor } from './supervisor.js';
import { spawnChild, type SpawnChild } from './workers/child-process.js';
import { rehearse } from './workers/rehearsal.js';
import { answerWorker, type WorkerRequests } from './workers/worker-requests.js';
import { WorkerSlots } from './workers/worker-slots.js';

/** The options for starting a gateway. */
export interface GatewayStart extends SupervisorOptions {
  readonly clock: Clock;
  /** Set for a successor. */
  readonly predecessor?: Predecessor & { readonly link: PredecessorLink };
  /** Called when the start has failed because too many workers died; further attempts continue. */
  readonly onFailed?: (error: GatewayError | undefined) => void;
  readonly spawn?: SpawnChild;
}

type Parts = ReturnType<typeof makeParts>;

/** Interval at which the life log records that the gateway is alive, and its health. */
const OBSERVE_MS = 60_000;

const quiet = (): void => undefined;

function makeParts(start: GatewayStart) {
  const { clock, environment, flags, predecessor, onFailed, spawn = spawnChild } = start;
  const instanceId = newId('gw');
  const startedAtMs = clock.now();
  const slots = new WorkerSlots();
  const foundation = openFoundation(start, slots);
  const { paths, config, log, redactor, build } = foundation;
  const record = { instanceId, createdAt: isoTime(startedAtMs), version: build.version };
  const resources = new GatewayResources({ paths, clock, log, record, predecessor, keepsSocket: environment.keepsSocket });
  const respawn = new Respawn({ policy: new RestartPolicy(), clock });
  const life = new LifeLog({ path: paths.lifePath, clock, log, isSuccessor: predecessor !== undefined });
  const supervisor = new Supervisor({
    clock,
    log,
    redactor,
    paths,
    config,
    slots,
    resources,
    respawn,
    spawn,
    workerEnvironment: flags.token === undefined ? {} : { XOPC_GATEWAY_TOKEN: flags.token },
    onFailed,
    onStep: () => {
      life.update({ isAccepting: slots.isAccepting, crashes: respawn.crashes, restarts: supervisor.plannedRestarts });
      status.observe();
    },
  });
  const onApplied = (): void => refreshFoundation(foundation);
  const succession = new Succession({ log, clock, flags, spawn, resources, supervisor, config });
  const changes = new ConfigChanges({ config, supervisor, resources, succession, clock, log, onApplied });
  const restoration = new Restoration({ paths, log, config, supervisor });
  const { serviceMarker, noRespawn } = environment;
  const status = new GatewayStatus({
    instanceId,
    startedAtMs,
    clock,
    foundation,
    resources,
    respawn,
    supervisor,
    changes,
    life,
    serviceMarker,
    noRespawn,
    installedBuild: readBuildInfo,
  });
  return { instanceId, foundation, resources, supervisor, changes, succession, restoration, life, status };
}

function makeControl(start: GatewayStart, { foundation, supervisor, changes, succession, restoration, status }: Parts): ControlContext {
  const { clock, environment, flags, predecessor, spawn = spawnChild } = start;
  const { config, build } = foundation;
  return {
    clock,
    supervisor,
    succession,
    restoration,
    status,
    changes,
    config,
    predecessor: predecessor?.link,
    isNewerInstalled: () => (readBuildInfo()?.buildId ?? build.buildId) !== build.buildId,
    rehearse: () => rehearse(spawn, clock, flags),
    noRespawn: environment.noRespawn,
    serviceMarker: environment.serviceMarker,
  };
}

/** One running gateway. */
export class Gateway {
  readonly #start: GatewayStart;
  readonly #parts: Parts;
  readonly #control: ControlContext;
  #isRunning = false;
  #stopObserving: () => void = quiet;

  /** Only creates directories and reads the configuration. @throws CONFIG_INVALID */
  constructor(start: GatewayStart) {
    this.#start = start;
    this.#parts = makeParts(start);
    this.#control = makeControl(start, this.#parts);
    this.#connect();
  }

  #connect(): void {
    const { foundation, supervisor, changes, succession, status } = this.#parts;
    const requests: WorkerRequests = {
      status,
      restart: (reason) => restartUnasked(this.#control, { reason, log: foundation.log }),
      rotateLogs: () => foundation.rotation.request(),
      recordChildren: () => supervisor.recordChildren(),
      configResult: (worker, result) => changes.answered(worker, result),
    };
    supervisor.on('workerMessage', (worker, message) => answerWorker(requests, worker, message));
    supervisor.on('quiesced', () => succession.quiesced());
    supervisor.on('active', (worker, source) => {
      refreshFoundation(foundation);
      changes.workerActive(worker, source);
      this.#announceRunning(worker);
    });
  }

  /** Runs until the gateway has stopped. @returns the exit code @throws the reason why a cold start failed */
  async run(): Promise<number> {
    const { environment, predecessor } = this.#start;
    const { foundation, resources, supervisor, succession, restoration, life } = this.#parts;
    const handler = createControlHandler(this.#control);
    const stopListening = this.#listenToSignals();
    try {
      await resources.acquire({ address: foundation.config.settings, passed: environment, handler });
      if (supervisor.desired === 'down') return 0; // stopped while it acquired them
      const { exitCode, error } = await supervisor.run({ succession, restoration });
      await predecessor?.link.left;
      life.note(succession.isOver || exitCode === RESTART_ME_EXIT_CODE ? 'handover' : 'stop');
      if (error !== undefined) throw error;
      return exitCode;
    } finally {
      stopListening();
      await this.#end();
    }
  }

  #announceRunning(worker: { pid: number; instanceId: string }): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    const { paths, build, log } = this.#parts.foundation;
    const { host, port } = this.#parts.resources.socket;
    log.info({ host, port, configPath: paths.configPath, version: build.version }, 'gateway running');
    this.#start.predecessor?.link.succeeded(worker);
    this.#start.onRunning?.({ host, port, instanceId: this.#parts.instanceId });
    this.#parts.changes.start();
    this.#observe();
  }

  #observe(): void {
    this.#parts.life.seen();
    this.#parts.status.observe();
    this.#stopObserving = this.#start.clock.after(OBSERVE_MS, () => this.#observe());
  }

  #listenToSignals(): () => void {
    const { environment, foreground } = this.#start;
    const { log, config } = this.#parts.foundation;
    return listenToSignals({
      log,
      hangupStops: foreground && process.stdin.isTTY,
      stop: () => {
        const isFirst = this.#parts.supervisor.desired === 'up';
        void stopForGood(this.#control, isFirst ? config.settings.drainTimeoutMs : HASTENED_MS, quiet);
      },
      ...(environment.allowSigusr1Restart ? { restart: () => restartUnasked(this.#control, { reason: 'SIGUSR1', log, force: true }) } : {}),
    });
  }

  async #end(): Promise<void> {
    this.#stopObserving();
    await this.#parts.changes.close();
    this.#parts.resources.release();
    const { successorPid } = this.#parts.succession;
    if (successorPid !== undefined) this.#start.onSucceeded?.(successorPid);
    else if (this.#parts.resources.openSocket !== undefined) this.#parts.foundation.log.info('gateway stopped');
    this.#parts.foundation.logFile.close();
  }
}
