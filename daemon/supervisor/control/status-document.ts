/** Builds the status document shown by the command line, API and page. Pure. */
import { isoTime } from '../../../shared/clock.js';
import type { StatusDocument, StatusWarning, WorkerStatus } from '../../../shared/control/messages.js';
import type { BuildInfo } from '../../../shared/node/build/bundle.js';
import type { GatewayPaths } from '../../../shared/node/process/paths.js';
import { sayOfGateway } from '../../../shared/text/sentences/gateway.js';
import type { SupervisorSettings } from '../config/settings.js';
import type { WorkerProcess } from '../workers/worker-process.js';

export interface StatusFacts extends Pick<
  StatusDocument,
  | 'state'
  | 'desired'
  | 'ready'
  | 'instanceId'
  | 'host'
  | 'port'
  | 'supervisedBy'
  | 'restarts'
  | 'lastExit'
  | 'fallback'
  | 'auth'
  | 'warnings'
  | 'health'
> {
  readonly startedAtMs: number;
  readonly nowMs: number;
  readonly build: BuildInfo;
  readonly installed: BuildInfo | undefined;
  readonly paths: GatewayPaths;
  readonly settings: SupervisorSettings;
  readonly active: WorkerProcess | undefined;
  readonly retiring: readonly WorkerProcess[];
  readonly nextAttemptAtMs: number | undefined;
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

function newerBuildWarning(facts: StatusFacts): StatusWarning[] {
  const { installed, build } = facts;
  if (installed === undefined || installed.buildId === build.buildId) return [];
  const message = sayOfGateway('newer-build', {
    installed: installed.version,
    installedBuild: installed.buildId,
    running: build.version,
    runningBuild: build.buildId,
  });
  return [{ code: 'NEWER_BUILD', message, hint: 'Switch to it without downtime: xopc gateway restart' }];
}

/** URLs at which this gateway is reached. */
export function urlsOf(host: string, port: number): string[] {
  const isEverywhere = host === '0.0.0.0' || host === '::';
  const name = isEverywhere || host === '127.0.0.1' || host === '::1' ? 'localhost' : host;
  return [`http://${name.includes(':') ? `[${name}]` : name}:${port}`];
}

export function makeStatus(facts: StatusFacts): StatusDocument {
  const { startedAtMs, nowMs, build, installed, paths, settings, active, retiring, nextAttemptAtMs, ...same } = facts;
  return {
    ...same,
    pid: process.pid,
    version: build.version,
    build: { running: build.buildId, installed: installed?.buildId ?? build.buildId },
    startedAt: isoTime(startedAtMs),
    uptimeMs: nowMs - startedAtMs,
    urls: urlsOf(facts.host, facts.port),
    home: paths.home,
    configPath: paths.configPath,
    logPath: paths.logPath,
    sources: settings.sources,
    worker: active === undefined ? null : workerStatus(active),
    ...(active?.vitals?.nodes === undefined ? {} : { nodes: active.vitals.nodes }),
    draining: retiring.map((worker) => ({ pid: worker.pid, since: isoTime(worker.drainingSinceMs ?? worker.startedAtMs) })),
    nextAttemptAt: nextAttemptAtMs === undefined ? null : isoTime(nextAttemptAtMs),
    warnings: [...facts.warnings, ...newerBuildWarning(facts)],
  };
}
