/**
 * Applies changes of the configuration files: the running worker checks the new content and applies or rejects it; a changed
 * address is bound here and served by a new worker; running work is not interrupted.
 */
import type { Clock } from '../../../shared/clock.js';
import { maskToken } from '../../../shared/config/secrets.js';
import type { OwnToken } from '../../../shared/control/messages.js';
import type { StatusDocument, StatusWarning } from '../../../shared/api/gateway/status.js';
import { toErrorDocument } from '../../../shared/errors.js';
import type { Logger } from '../../../shared/node/log/logger.js';
import { sayOfGateway } from '../../../shared/text/sentences/gateway.js';
import { ConfigWatch, hashFiles } from './config-watch.js';
import type { GatewayResources } from '../succession/gateway-resources.js';
import { type Address, bindBeside, type ListenSocket } from '../socket/listen-socket.js';
import type { Succession } from '../succession/succession.js';
import type { ConfigSource, LiveConfig } from './live-config.js';
import type { Supervisor } from '../supervisor.js';
import type { WorkerProcess } from '../workers/worker-process.js';
import type { ConfigResult } from '../workers/worker-requests.js';

interface ConfigChangesDeps {
  readonly config: LiveConfig;
  readonly supervisor: Supervisor;
  readonly clock: Clock;
  readonly log: Logger;
  readonly resources: GatewayResources;
  readonly succession: Pick<Succession, 'settled' | 'isOver'>;
  onApplied(): void;
}

export class ConfigChanges {
  /** The configuration in force, as reported by the last worker; undefined before the first worker. */
  token: OwnToken | undefined;
  #isAuthEnabled = false;
  readonly #deps: ConfigChangesDeps;
  readonly #watch: ConfigWatch;
  #rebindWarning: StatusWarning | undefined;
  #workerWarnings: readonly StatusWarning[] = [];
  #moving: Promise<void> | undefined;

  constructor(deps: ConfigChangesDeps) {
    this.#deps = deps;
    this.#watch = new ConfigWatch({
      paths: deps.config.editedPaths,
      clock: deps.clock,
      onChange: (hash) => this.#changed(hash),
      onError: (error) => deps.log.warn({ err: error }, 'failed to watch the configuration'),
    });
  }

  get auth(): StatusDocument['auth'] {
    return { enabled: this.#isAuthEnabled, tokenHint: this.token === undefined ? null : maskToken(this.token.token) };
  }

  get warnings(): readonly StatusWarning[] {
    const ofWorker = this.#deps.supervisor.slots.active?.vitals?.warnings ?? this.#workerWarnings;
    return this.#rebindWarning === undefined ? ofWorker : [...ofWorker, this.#rebindWarning];
  }

  /** Resolves when this gateway has moved to a changed address or stays where it is; undefined while there is no such change. */
  get moving(): Promise<void> | undefined {
    return this.#moving;
  }

  start(): void {
    this.#watch.start();
    this.#watch.check();
    const { config } = this.#deps;
    // After a crash, the gateway runs with the last good files; the edited files may have been corrected since they were checked.
    if (config.warnings.length > 0) this.#changed(hashFiles(config.editedPaths));
  }

  close(): Promise<void> {
    return this.#watch.close();
  }

  /** Called when a worker has become active with this source, which proves the configuration valid. */
  workerActive(worker: WorkerProcess, source: ConfigSource | undefined): void {
    const { readiness } = worker;
    if (readiness !== undefined) {
      this.token = readiness.token;
      this.#isAuthEnabled = readiness.authEnabled;
      this.#workerWarnings = readiness.warnings;
    }
    if (source === undefined) return;
    this.#acceptAndMove(source);
    // The file was edited while the worker booted; the watch has reported the edit to the previous worker.
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

  /** Called with a worker's answer to a changed configuration. */
  answered(worker: WorkerProcess, result: ConfigResult): void {
    if (worker !== this.#deps.supervisor.slots.active) return;
    if (result.outcome === 'rejected') return this.#rejected(result.hash, result.problems);
    this.token = result.token ?? this.token;
    this.#isAuthEnabled = result.authEnabled ?? this.#isAuthEnabled;
    this.#deps.log.info('the changed configuration is in effect');
    this.#acceptAndMove(this.#deps.config.editedSource(result.hash));
    this.#deps.onApplied();
  }

  #acceptAndMove(source: ConfigSource): void {
    const { config, log } = this.#deps;
    const before = config.settings;
    if (!config.accept(source)) return;
    const moving = (this.#moving ?? Promise.resolve())
      .then(() => this.#moveIfAsked(before))
      .then(() => {
        if (this.#moving === moving) this.#moving = undefined;
      });
    this.#moving = moving;
    config.keepLastGood().catch((error: unknown) => log.error({ err: error }, 'failed to keep the last good configuration'));
  }

  #rejected(hash: string, problems: readonly { message: string }[]): void {
    this.#deps.config.reject(hash, problems);
    this.#deps.log.error({ problems }, 'the changed configuration is invalid; the previous one stays in effect');
  }

  /** Never rejects. @param before  the settings before the change: a socket that a service manager passed moves only if the address was edited */
  async #moveIfAsked(before: Address): Promise<void> {
    const { config, log, succession } = this.#deps;
    // A successor binds the new address before it takes over.
    await succession.settled;
    if (succession.isOver) return;
    const { host, port } = config.settings;
    const current = this.#deps.resources.socket;
    const isSame = (address: Address): boolean => address.host === host && (port === 0 || address.port === port);
    if (!isSame(current) && current.origin === 'inherited' && isSame(before)) return;
    if (isSame(current)) {
      this.#rebindWarning = undefined;
      return;
    }
    try {
      const socket = await bindBeside(current, config.settings);
      // Cleared only now: a restart that ends before still shows the warning.
      this.#rebindWarning = undefined;
      await this.#rebind(current, socket);
      log.info({ host, port }, 'listening on the new address');
    } catch (error) {
      const { message, hint } = toErrorDocument(error);
      this.#rebindWarning = {
        code: 'ADDRESS_UNCHANGED',
        message: sayOfGateway('address-unchanged', { address: `${current.host}:${current.port}`, cause: message }),
        ...(hint === undefined ? {} : { hint }),
      };
      log.error({ err: error }, 'failed to listen on the new address');
    }
  }

  /** A new worker listens on the new socket, then the old one is closed. If no worker becomes ready, nothing changes. */
  async #rebind(before: ListenSocket, socket: ListenSocket): Promise<void> {
    const { resources, supervisor } = this.#deps;
    resources.use(socket);
    try {
      // A restart already in progress may have used the old socket.
      do await supervisor.requestRestart({ timeoutMs: undefined }, () => undefined);
      while (supervisor.slots.active?.listenSocket !== socket);
      before.close();
    } catch (error) {
      resources.use(before);
      socket.close();
      throw error;
    }
  }
}
