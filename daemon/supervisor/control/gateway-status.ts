/** Builds the status document shown by the command line, API and page, from the parts of a running gateway. */
import { type Clock, isoTime } from '../../../shared/clock.js';
import type { GatewayHealth, StatusDocument, StatusWarning, WorkerStatus } from '../../../shared/api/gateway/status.js';
import type { BuildInfo } from '../../../shared/node/build/bundle.js';
import { sayOfGateway } from '../../../shared/text/sentences/gateway.js';
import type { ConfigChanges } from '../config/config-changes.js';
import type { Foundation } from '../config/foundation.js';
import type { LiveConfig } from '../config/live-config.js';
import type { LifeLog } from '../state/life-log.js';
import type { Respawn } from '../state/respawn.js';
import type { GatewayResources } from '../succession/gateway-resources.js';
import type { Supervisor } from '../supervisor.js';
import type { WorkerProcess } from '../workers/worker-process.js';
import { gatewayHealth } from './gateway-health.js';

export interface GatewayParts {
  readonly instanceId: string;
  readonly startedAtMs: number;
  readonly clock: Clock;
  readonly foundation: Pick<Foundation, 'paths' | 'build'> & { readonly config: Pick<LiveConfig, 'settings' | 'warnings'> };
  readonly resources: Pick<GatewayResources, 'openSocket'>;
  readonly respawn: Pick<Respawn, 'crashes' | 'lastExit' | 'nextAttemptAtMs'>;
  readonly supervisor: Pick<Supervisor, 'state' | 'desired' | 'isReady' | 'plannedRestarts'> & {
    readonly slots: { readonly active: WorkerProcess | undefined; readonly retiring: Iterable<WorkerProcess> };
    readonly fallback: { readonly isRunning: boolean };
  };
  readonly changes: Pick<ConfigChanges, 'auth' | 'warnings'>;
  readonly life: Pick<LifeLog, 'summary'>;
  readonly serviceMarker: string | null;
  /** True if a restart never replaces the supervisor (`XOPC_NO_RESPAWN`). */
  readonly noRespawn: boolean;
  /** @returns the build on disk; undefined while it is being replaced */
  installedBuild(): BuildInfo | undefined;
}

export class GatewayStatus {
  readonly #parts: GatewayParts;
  #health: Pick<GatewayHealth, 'state' | 'since'> | undefined;

  constructor(parts: GatewayParts) {
    this.#parts = parts;
  }

  /** Records when the gateway entered its current health state. */
  observe(): GatewayHealth {
    const { clock, respawn, supervisor, life } = this.#parts;
    const { last24Hours, crashesLastHour } = life.summary();
    const { state, issues } = gatewayHealth({
      state: supervisor.state,
      ready: supervisor.isReady,
      lastExit: respawn.lastExit,
      warnings: this.#warnings,
      crashesLastHour,
      issues: supervisor.slots.active?.vitals?.issues ?? [],
    });
    if (this.#health?.state !== state) this.#health = { state, since: isoTime(clock.now()) };
    return { ...this.#health, issues, last24Hours };
  }

  document(): StatusDocument {
    const { instanceId, startedAtMs, clock, foundation, resources, respawn, supervisor, changes, serviceMarker, noRespawn } = this.#parts;
    const { paths, config, build } = foundation;
    const { host, port } = resources.openSocket ?? config.settings;
    const { active, retiring } = supervisor.slots;
    const installed = this.#parts.installedBuild() ?? build;
    return {
      state: supervisor.state,
      desired: supervisor.desired,
      ready: supervisor.isReady,
      instanceId,
      host,
      port,
      supervisedBy: serviceMarker,
      restarts: { planned: supervisor.plannedRestarts, crashes: respawn.crashes },
      lastExit: respawn.lastExit,
      fallback: supervisor.fallback.isRunning,
      auth: changes.auth,
      warnings: [...this.#warnings, ...newerBuildWarning(build, installed, noRespawn)],
      health: this.observe(),
      pid: process.pid,
      version: build.version,
      build: { running: build.buildId, installed: installed.buildId },
      startedAt: isoTime(startedAtMs),
      uptimeMs: clock.now() - startedAtMs,
      urls: urlsOf(host, port),
      home: paths.home,
      configPath: paths.configPath,
      logPath: paths.logPath,
      sources: config.settings.sources,
      worker: active === undefined ? null : workerStatus(active),
      ...(active?.vitals?.nodes === undefined ? {} : { nodes: active.vitals.nodes }),
      draining: [...retiring].map((worker) => ({ pid: worker.pid, since: isoTime(worker.drainingSinceMs ?? worker.startedAtMs) })),
      nextAttemptAt: respawn.nextAttemptAtMs === undefined ? null : isoTime(respawn.nextAttemptAtMs),
    };
  }

  get #warnings(): StatusWarning[] {
    return [...this.#parts.foundation.config.warnings, ...this.#parts.changes.warnings];
  }
}

function workerStatus(worker: WorkerProcess): WorkerStatus {
  return {
    pid: worker.pid,
    instanceId: worker.instanceId,
    version: worker.readiness?.version ?? '',
    startedAt: isoTime(worker.startedAtMs),
    rssBytes: worker.vitals?.rssBytes ?? null,
    connections: worker.vitals?.connections ?? null,
    inFlight: worker.vitals?.inFlight ?? null,
    channels: worker.vitals?.channels ?? {},
  };
}

function newerBuildWarning(running: BuildInfo, installed: BuildInfo, noRespawn: boolean): StatusWarning[] {
  if (installed.buildId === running.buildId) return [];
  const message = sayOfGateway('newer-build', {
    installed: installed.version,
    installedBuild: installed.buildId,
    running: running.version,
    runningBuild: running.buildId,
  });
  const hint = noRespawn
    ? 'A restart replaces only the worker (XOPC_NO_RESPAWN). Restart the container, or stop the gateway with: xopc gateway stop   Then start it again as before'
    : 'Switch to it without downtime: xopc gateway restart';
  return [{ code: 'NEWER_BUILD', message, hint }];
}

/** URLs at which this gateway is reached. */
export function urlsOf(host: string, port: number): string[] {
  const isEverywhere = host === '0.0.0.0' || host === '::';
  const name = isEverywhere || host === '127.0.0.1' || host === '::1' ? 'localhost' : host;
  return [`http://${name.includes(':') ? `[${name}]` : name}:${port}`];
}
