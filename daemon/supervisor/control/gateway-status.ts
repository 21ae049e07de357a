/** Collects the contents of the status document from the parts of a running gateway. */
import { type Clock, isoTime } from '../../../shared/clock.js';
import type { GatewayHealth, StatusDocument } from '../../../shared/control/messages.js';
import { readBuildInfo } from '../../../shared/node/build/bundle.js';
import type { ConfigChanges } from '../config/config-changes.js';
import type { Foundation } from '../config/foundation.js';
import type { LifeLog } from '../state/life-log.js';
import type { Respawn } from '../state/respawn.js';
import type { GatewayResources } from '../succession/gateway-resources.js';
import type { Supervisor } from '../supervisor.js';
import { gatewayHealth } from './gateway-health.js';
import { makeStatus } from './status-document.js';

interface GatewayParts {
  readonly instanceId: string;
  readonly startedAtMs: number;
  readonly clock: Clock;
  readonly foundation: Pick<Foundation, 'paths' | 'config' | 'build'>;
  readonly resources: GatewayResources;
  readonly respawn: Respawn;
  readonly supervisor: Supervisor;
  readonly changes: ConfigChanges;
  readonly life: LifeLog;
  readonly serviceMarker: string | null;
}

export class GatewayStatus {
  readonly #parts: GatewayParts;
  #health: Pick<GatewayHealth, 'state' | 'since'> | undefined;

  constructor(parts: GatewayParts) {
    this.#parts = parts;
  }

  /** Records when the gateway entered its current health state. */
  observe(): GatewayHealth {
    const { clock, respawn, supervisor, life, config, changes } = { ...this.#parts, ...this.#parts.foundation };
    const { last24Hours, crashesLastHour } = life.summary();
    const { state, issues } = gatewayHealth({
      state: supervisor.state,
      ready: supervisor.isReady,
      lastExit: respawn.lastExit,
      warnings: [...config.warnings, ...changes.warnings],
      crashesLastHour,
      issues: supervisor.slots.active?.vitals?.issues ?? [],
    });
    if (this.#health?.state !== state) this.#health = { state, since: isoTime(clock.now()) };
    return { ...this.#health, issues, last24Hours };
  }

  document(): StatusDocument {
    const { instanceId, startedAtMs, clock, foundation, resources, respawn, supervisor, changes, serviceMarker } = this.#parts;
    const { paths, config, build } = foundation;
    const { host, port } = resources.openSocket ?? config.settings;
    return makeStatus({
      state: supervisor.state,
      desired: supervisor.desired,
      ready: supervisor.isReady,
      instanceId,
      startedAtMs,
      nowMs: clock.now(),
      build,
      installed: readBuildInfo(),
      host,
      port,
      paths,
      settings: config.settings,
      supervisedBy: serviceMarker,
      active: supervisor.slots.active,
      retiring: [...supervisor.slots.retiring],
      restarts: { planned: supervisor.plannedRestarts, crashes: respawn.crashes },
      lastExit: respawn.lastExit,
      nextAttemptAtMs: respawn.nextAttemptAtMs,
      fallback: supervisor.fallback.isRunning,
      auth: changes.auth,
      warnings: [...config.warnings, ...changes.warnings],
      health: this.observe(),
    });
  }
}
