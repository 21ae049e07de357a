/**
 * What happens when the configuration's files change: the running worker tries the new content and takes it or names
 * what is wrong; a changed address is bound here and served by a new worker; nothing that runs is taken down.
 */
import type { Clock } from '../../../shared/clock.js';
import type { StatusDocument, StatusWarning } from '../../../shared/control/messages.js';
import { toErrorDocument } from '../../../shared/errors.js';
import type { Logger } from '../../../shared/node/log/logger.js';
import { ConfigWatch, hashFiles } from './config-watch.js';
import type { Address, Holdings } from '../succession/holdings.js';
import { bindListenSocket, type ListenSocket } from '../socket/listen-socket.js';
import type { ConfigSource, LiveConfig } from './live-config.js';
import type { Supervisor } from '../supervisor.js';
import type { WorkerProcess } from '../workers/worker-process.js';
import type { ConfigResult, WorkerRequests } from '../workers/worker-requests.js';

export interface ConfigChangesDeps {
  readonly config: LiveConfig;
  readonly supervisor: Supervisor;
  readonly requests: WorkerRequests;
  readonly clock: Clock;
  readonly log: Logger;
  readonly holdings: Holdings;
  onApplied(): void;
}

export class ConfigChanges {
  auth: StatusDocument['auth'] = { enabled: false, tokenHint: null };
  readonly #deps: ConfigChangesDeps;
  readonly #watch: ConfigWatch;
  #rebindWarning: StatusWarning | undefined;
  #workerWarnings: readonly StatusWarning[] = [];
  #moves: Promise<void> = Promise.resolve();

  constructor(deps: ConfigChangesDeps) {
    this.#deps = deps;
    this.#watch = new ConfigWatch({
      paths: deps.config.editedPaths,
      clock: deps.clock,
      onChange: (hash) => this.#changed(hash),
      onError: (error) => deps.log.warn({ err: error }, 'the configuration cannot be watched'),
    });
    deps.requests.onConfigResult = (worker, result) => this.#answered(worker, result);
  }

  get warnings(): readonly StatusWarning[] {
    const ofWorker = this.#deps.supervisor.slots.active?.vitals?.warnings ?? this.#workerWarnings;
    return this.#rebindWarning === undefined ? ofWorker : [...ofWorker, this.#rebindWarning];
  }

  start(): void {
    this.#watch.start();
    this.#watch.check();
  }

  close(): Promise<void> {
    return this.#watch.close();
  }

  /** A worker runs with this source: that configuration is good. */
  workerActive(worker: WorkerProcess, source: ConfigSource | undefined): void {
    const { readiness } = worker;
    if (readiness !== undefined) {
      this.auth = { enabled: readiness.authEnabled, tokenHint: readiness.tokenHint };
      this.#workerWarnings = readiness.warnings;
    }
    if (source === undefined) return;
    this.#acceptAndMove(source);
    // Edited while it booted: the watch has reported that to the worker before.
    if (this.#deps.config.isOutdated(source)) this.#changed(hashFiles(this.#deps.config.editedPaths));
  }

  #changed(hash: string): void {
    const { config, supervisor, log } = this.#deps;
    const problems = config.check();
    if (problems.length > 0) return this.#rejected(hash, problems);
    const worker = supervisor.slots.active;
    if (worker === undefined) return supervisor.dispatch({ type: 'configChanged' });
    log.info('the configuration changed; the worker checks it');
    worker.send({ type: 'applyConfig', hash });
  }

  #answered(worker: WorkerProcess, result: ConfigResult): void {
    if (worker !== this.#deps.supervisor.slots.active) return;
    if (result.outcome === 'rejected') return this.#rejected(result.hash, result.problems);
    this.auth = {
      enabled: result.authEnabled ?? this.auth.enabled,
      tokenHint: result.tokenHint === undefined ? this.auth.tokenHint : result.tokenHint,
    };
    this.#deps.log.info('the changed configuration is in force');
    this.#acceptAndMove(this.#deps.config.editedSource(result.hash));
    this.#deps.onApplied();
  }

  #acceptAndMove(source: ConfigSource): void {
    const { config, log } = this.#deps;
    const before = config.settings;
    if (!config.accept(source)) return;
    this.#moves = this.#moves.then(() => this.#moveIfAsked(before));
    config.keepLastGood().catch((error: unknown) => log.error({ err: error }, 'the last good configuration could not be kept'));
  }

  #rejected(hash: string, problems: readonly { message: string }[]): void {
    this.#deps.config.reject(hash, problems);
    this.#deps.log.error({ problems }, 'the changed configuration is invalid; the one before stays in force');
  }

  /** Never rejects. @param before  the settings before the change: a socket that a service manager passed moves only if the address was edited */
  async #moveIfAsked(before: Address): Promise<void> {
    const { config, log } = this.#deps;
    const { host, port } = config.settings;
    const current = this.#deps.holdings.socket;
    const isSame = (address: Address): boolean => address.host === host && (port === 0 || address.port === port);
    if (!isSame(current) && current.origin === 'inherited' && isSame(before)) return;
    this.#rebindWarning = undefined;
    if (isSame(current)) return;
    try {
      await this.#rebind(current, await bindListenSocket(host, port));
      log.info({ host, port }, 'listening on the new address');
    } catch (error) {
      const { message, hint } = toErrorDocument(error);
      this.#rebindWarning = {
        code: 'ADDRESS_UNCHANGED',
        message: `still on ${current.host}:${current.port}: ${message}`,
        ...(hint === undefined ? {} : { hint }),
      };
      log.error({ err: error }, 'the new address could not be taken');
    }
  }

  /** Without a gap: the new worker listens there, the old socket closes with the old worker. If none comes up, all stays. */
  async #rebind(before: ListenSocket, socket: ListenSocket): Promise<void> {
    const { holdings, supervisor } = this.#deps;
    holdings.use(socket);
    try {
      // A restart that was under way may have told its worker the old address.
      do await supervisor.requestRestart({ timeoutMs: undefined }, () => undefined);
      while (supervisor.slots.active?.listenSocket !== socket);
      before.close();
    } catch (error) {
      holdings.use(before);
      socket.close();
      throw error;
    }
  }
}
