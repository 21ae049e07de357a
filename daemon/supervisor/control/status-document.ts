/** Makes the status document that command line, API and page show. Pure. */
import type { GatewayState, StatusDocument, StatusWarning, WorkerStatus, ExitRecord } from '../../../shared/control/messages.js';
import type { BuildInfo } from '../../../shared/node/build/bundle.js';
import type { GatewayPaths } from '../../../shared/node/process/paths.js';
import type { SupervisorSettings } from '../config/settings.js';
import type { WorkerProcess } from '../workers/worker-process.js';

export interface StatusFacts {
  readonly state: GatewayState;
  readonly desired: 'up' | 'down';
  readonly ready: boolean;
  readonly instanceId: string;
  readonly startedAtMs: number;
  readonly nowMs: number;
  readonly build: BuildInfo;
  readonly installed: BuildInfo | undefined;
  readonly host: string;
  readonly port: number;
  readonly paths: GatewayPaths;
  readonly settings: SupervisorSettings;
  readonly supervisedBy: string | null;
  readonly active: WorkerProcess | undefined;
  readonly retiring: readonly WorkerProcess[];
  readonly restarts: { readonly planned: number; readonly crashes: number };
  readonly lastExit: ExitRecord | null;
  readonly nextAttemptAtMs: number | undefined;
  readonly fallback: boolean;
  readonly auth: StatusDocument['auth'];
  readonly warnings: readonly StatusWarning[];
}

const iso = (ms: number): string => new Date(ms).toISOString();

function workerStatus(worker: WorkerProcess): WorkerStatus {
  return {
    pid: worker.pid,
    instanceId: worker.instanceId,
    version: worker.readiness?.version ?? '',
    startedAt: iso(worker.startedAtMs),
    rssBytes: worker.vitals?.rssBytes ?? null,
    connections: worker.vitals?.connections ?? null,
    inFlight: worker.vitals?.inFlight ?? null,
    channels: worker.vitals?.channels ?? {},
  };
}

function newerBuildWarning(facts: StatusFacts): StatusWarning[] {
  if (facts.installed === undefined || facts.installed.buildId === facts.build.buildId) return [];
  const message = `version ${facts.installed.version} (build ${facts.installed.buildId}) is installed; ${facts.build.version} (build ${facts.build.buildId}) runs`;
  return [{ code: 'NEWER_BUILD', message, hint: 'Switch to it without downtime: xopc gateway restart' }];
}

/** URLs at which this gateway is reached. */
export function urlsOf(host: string, port: number): string[] {
  const isEverywhere = host === '0.0.0.0' || host === '::';
  const name = isEverywhere || host === '127.0.0.1' || host === '::1' ? 'localhost' : host;
  return [`http://${name.includes(':') ? `[${name}]` : name}:${port}`];
}

export function makeStatus(facts: StatusFacts): StatusDocument {
  const { paths, settings, active } = facts;
  return {
    state: facts.state,
    desired: facts.desired,
    ready: facts.ready,
    pid: process.pid,
    instanceId: facts.instanceId,
    version: facts.build.version,
    build: { running: facts.build.buildId, installed: facts.installed?.buildId ?? facts.build.buildId },
    startedAt: iso(facts.startedAtMs),
    uptimeMs: facts.nowMs - facts.startedAtMs,
    host: facts.host,
    port: facts.port,
    urls: urlsOf(facts.host, facts.port),
    home: paths.home,
    configPath: paths.configPath,
    logPath: paths.logPath,
    sources: settings.sources,
    supervisedBy: facts.supervisedBy,
    auth: facts.auth,
    worker: active === undefined ? null : workerStatus(active),
    draining: facts.retiring.map((worker) => ({ pid: worker.pid, since: iso(worker.drainingSinceMs ?? worker.startedAtMs) })),
    restarts: facts.restarts,
    lastExit: facts.lastExit,
    nextAttemptAt: facts.nextAttemptAtMs === undefined ? null : iso(facts.nextAttemptAtMs),
    fallback: facts.fallback,
    warnings: [...facts.warnings, ...newerBuildWarning(facts)],
  };
}
