/** Checks the gateway, running or not: its lock, its port, its worker. */
import type { StatusDocument } from '../../shared/api/gateway/status.js';
import { inspectLock, isLockRecord, readLock } from '../../shared/node/files/lock-record.js';
import type { GatewayPaths } from '../../shared/node/process/paths.js';
import type { ListenSettings } from '../gateway/gateway-settings.js';
import type { GatewayLocation } from '../gateway/locate-gateway.js';
import { howToFree } from '../ports/free-port.js';
import { findPortOwners } from '../ports/port-owner.js';
import { describeListener, type PortListener } from '../ports/port-listener.js';
import type { ServicePlan } from '../service/plan/service-plan.js';
import { describeExit, otherIssues } from '../output/status-text.js';
import { fail, type Finding, ok, warn } from './finding.js';

function checkHeld({ lockPath }: GatewayPaths, status: StatusDocument): Finding {
  const lock = readLock(lockPath);
  const repairs = 'The gateway recreates it within 30 s; to do it now: xopc gateway restart --force';
  if (lock === undefined)
    return warn('lock', `the gateway (pid ${status.pid}) is running, but its lock ${lockPath} is missing or damaged`, { fix: repairs });
  return lock.instanceId === status.instanceId
    ? ok('lock', `held by pid ${lock.pid}, which answers`)
    : fail('lock', `${lockPath} names pid ${lock.pid}, and pid ${status.pid} answers`, { fix: 'xopc gateway restart --force' });
}

function isDamaged(lockPath: string): boolean {
  try {
    const state = inspectLock(lockPath);
    return state !== 'absent' && !isLockRecord(state.lock);
  } catch {
    return true;
  }
}

/** A lock is valid if its process runs and answers with the same instance id; the lock of a dead process is removed at the next start. */
export function checkLock(paths: GatewayPaths, location: GatewayLocation): Finding {
  switch (location.kind) {
    case 'answers':
      return checkHeld(paths, location.status);
    case 'starting':
      return warn('lock', `a gateway is starting (pid ${location.lock.pid})`, { fix: 'xopc gateway status' });
    case 'foreign':
      return fail('lock', `held by a gateway on another machine or in another container (pid ${location.lock.pid})`, {
        fix: 'Stop it there, or set XOPC_HOME to a separate home for this one',
      });
    case 'silent':
      if (location.lock === undefined) return fail('lock', location.error.message, { fix: location.error.hint ?? 'xopc gateway status' });
      return fail('lock', `held by pid ${location.lock.pid}, which does not answer`, { fix: 'xopc gateway stop --force' });
    case 'absent': {
      if (location.lock !== undefined) return ok('lock', `left by pid ${location.lock.pid}, which died; the next start removes it`);
      return ok(
        'lock',
        isDamaged(paths.lockPath) ? `${paths.lockPath} is damaged; the next start keeps a copy and removes it` : 'no gateway runs',
      );
    }
  }
}

function ownPids(location: GatewayLocation): Set<number | null> {
  const lock = location.kind === 'absent' || location.kind === 'answers' ? undefined : location.lock;
  const { status } = location.kind === 'answers' ? location : { status: undefined };
  return new Set([
    ...(status === undefined ? [] : [status.pid, status.worker?.pid ?? 0, ...status.draining.map(({ pid }) => pid)]),
    ...(lock === undefined ? [] : [lock.pid, ...lock.children.map(({ pid }) => pid)]),
  ]);
}

/** @param context.service  the installed one, whose manager may hold the socket */
export function checkPort(
  listen: ListenSettings,
  context: {
    paths: Pick<GatewayPaths, 'lockDir'>;
    location: GatewayLocation;
    service: ServicePlan | undefined;
    find?: typeof findPortOwners;
  },
): Finding {
  const { paths, location, service, find = findPortOwners } = context;
  const { host, port } = listen;
  const own = ownPids(location);
  const strangers: PortListener[] = find(host, port).filter(({ pid }) => !own.has(pid));
  if (location.kind === 'answers' && (location.status.ready || location.status.fallback))
    return ok('port', `${host}:${port} is the gateway's`);
  if (strangers.length === 0) return ok('port', `${host}:${port} is free`);
  if ((service?.socket ?? null) !== null) return ok('port', `${host}:${port} is owned by the service manager`);
  return fail('port', `${host}:${port} is taken by ${strangers.map(describeListener).join(', ')}`, {
    fix: howToFree({ port, service }, strangers, paths),
  });
}

function stateFinding(status: StatusDocument, nowMs: number): Finding {
  const last = status.lastExit === null ? '' : `; the last worker ${describeExit(status.lastExit, nowMs)}`;
  const fix = 'Show the cause with: xopc gateway logs   Then: xopc gateway restart';
  const { crashes } = status.restarts;
  if (status.ready)
    return ok('worker', `${status.state}, worker ${status.worker?.pid ?? 'unknown'}, ${crashes} crash${crashes === 1 ? '' : 'es'}`);
  if (status.state === 'failed' || status.state === 'backoff') return fail('worker', `${status.state}${last}`, { fix });
  return warn('worker', `${status.state}${last}`, { fix: 'Check again with: xopc gateway status' });
}

/** Reports the worker's state as seen by the supervisor, and every warning and issue of `status`. */
export function checkWorker(location: GatewayLocation, nowMs: number): Finding[] {
  if (location.kind !== 'answers') return [];
  const { status } = location;
  const warnings = status.warnings.map(({ code, message, hint }) => warn(`status:${code}`, message, { fix: hint }));
  const issues = otherIssues(status).map(({ id, text, action }) => warn(`status:${id}`, text, { fix: action ?? undefined }));
  return [stateFinding(status, nowMs), ...warnings, ...issues];
}
