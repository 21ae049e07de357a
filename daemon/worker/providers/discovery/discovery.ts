/** Discovers model servers on this machine in the background: at the start and every minute. */
import type { Clock } from '../../../../shared/clock.js';
import type { ModelConfig } from '../../../../shared/config/models-schema.js';
import type { LogPort } from '../../../../shared/log/log-port.js';
import { LOCAL_SERVERS, type LocalServer } from '../../../../shared/config/known-providers.js';
import type { LocalModels } from '../registry.js';
import { probeLocalServer, type ProbeTarget } from './probe.js';

export interface DiscoveryOptions {
  readonly clock: Clock;
  readonly logger: LogPort;
  /** `agents.defaults.discovery`, read at each discovery. */
  isEnabled(): boolean;
  /** Default: the usual ports. */
  readonly ports?: Partial<Record<LocalServer['id'], number>>;
  readonly probe?: (id: LocalServer['id'], target: ProbeTarget) => Promise<readonly ModelConfig[] | undefined>;
}

const EVERY_MS = 60_000;
/** A local server that needs longer is too busy to be used. */
const PROBE_TIMEOUT_MS = 1_500;
/** How long a request without another model waits for the first discovery. */
const FIRST_LOOK_MS = 400;

export class LocalDiscovery implements LocalModels {
  readonly #options: DiscoveryOptions;
  readonly #found = new Map<LocalServer['id'], readonly ModelConfig[]>();
  #firstLook: Promise<void> | undefined;
  #look: AbortController | undefined;
  #cancel: (() => void) | undefined;
  #isStopped = false;

  constructor(options: DiscoveryOptions) {
    this.#options = options;
  }

  found(id: LocalServer['id']): readonly ModelConfig[] | undefined {
    return this.#options.isEnabled() ? this.#found.get(id) : undefined;
  }

  /** Without this wait, the guide would answer the first requests of a new worker. */
  ready(): Promise<void> {
    if (!this.#options.isEnabled() || this.#isStopped) return Promise.resolve();
    this.#firstLook ??= new Promise((resolve) => {
      const cancel = this.#options.clock.after(FIRST_LOOK_MS, resolve);
      void this.#lookAround().then(() => {
        cancel();
        resolve();
      });
    });
    return this.#firstLook;
  }

  /** Starts the discovery in the background. */
  start(): void {
    void this.ready();
    this.#lookLater();
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel?.();
    this.#look?.abort();
  }

  #lookLater(): void {
    this.#cancel = this.#options.clock.after(EVERY_MS, () => {
      if (this.#options.isEnabled()) void this.#lookAround();
      if (!this.#isStopped) this.#lookLater();
    });
  }

  async #lookAround(): Promise<void> {
    const { clock, ports, probe = probeLocalServer } = this.#options;
    const look = new AbortController();
    this.#look?.abort();
    this.#look = look;
    const cancel = clock.after(PROBE_TIMEOUT_MS, () => look.abort());
    await Promise.all(
      LOCAL_SERVERS.map(async ({ id, name, port }) => {
        // Any program may listen there: an answer that cannot be parsed is not the server's.
        const models = await probe(id, { port: ports?.[id] ?? port, signal: look.signal }).catch(() => undefined);
        if (this.#look === look && !this.#isStopped) this.#note(id, name, models);
      }),
    );
    cancel();
  }

  #note(id: LocalServer['id'], name: string, models: readonly ModelConfig[] | undefined): void {
    const before = this.#found.get(id);
    if (models === undefined) this.#found.delete(id);
    else this.#found.set(id, models);
    const { logger } = this.#options;
    if (before === undefined && models !== undefined)
      logger.info({ provider: id, models: models.map((model) => model.id) }, `${name} was found on this machine`);
    if (before !== undefined && models === undefined) logger.info({ provider: id }, `${name} no longer answers`);
  }
}
