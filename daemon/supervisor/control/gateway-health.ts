/** Derives the gateway's health from the supervisor's state and the worker's reports. Pure. */
import type { GatewayHealth, StatusDocument, StatusIssue, StatusWarning } from '../../../shared/api/gateway/status.js';
import { sayOfGateway } from '../../../shared/text/sentences/gateway.js';

/** Warnings about configuration choices and pending steps; they do not affect health. */
const HARMLESS: ReadonlySet<string> = new Set([
  'AUTH_DISABLED',
  'CORS_OPEN',
  'LOOPBACK_REFUSED',
  'LOG_LEVEL_CHANGED',
  'NEWER_BUILD',
  'TOKEN_REPLACED',
]);

export interface HealthFacts extends Pick<StatusDocument, 'state' | 'ready' | 'lastExit' | 'warnings'> {
  readonly crashesLastHour: number;
  /** The worker's report. */
  readonly issues: readonly StatusIssue[];
}

const SHOW_OUTPUT = 'Show the last output with: xopc gateway logs';

function ofState({ state, ready, lastExit, crashesLastHour }: HealthFacts): StatusIssue[] {
  const withLast = (what: string): string => (lastExit === null ? what : sayOfGateway('with-last-exit', { what, exit: lastExit.reason }));
  if (!ready) return [{ id: 'down', severity: 'error', text: withLast(sayOfGateway('gateway-down', { state })), action: SHOW_OUTPUT }];
  if (crashesLastHour === 0) return [];
  const what = sayOfGateway(crashesLastHour === 1 ? 'gateway-crashed-once' : 'gateway-crashed', { count: crashesLastHour });
  return [{ id: 'crashes', severity: 'warning', text: withLast(what), action: SHOW_OUTPUT }];
}

function ofWarning({ code, message, why, hint }: StatusWarning, index: number, all: readonly StatusWarning[]): StatusIssue[] {
  if (HARMLESS.has(code)) return [];
  const same = all.slice(0, index).filter((other) => other.code === code).length;
  const severity = code === 'STORE_UNAVAILABLE' ? 'error' : 'warning';
  return [{ id: same === 0 ? code : `${code}:${same + 1}`, severity, text: message, ...(why && { why }), action: hint ?? null }];
}

export function gatewayHealth(facts: HealthFacts): Pick<GatewayHealth, 'state' | 'issues'> {
  const issues = [...ofState(facts), ...facts.warnings.flatMap(ofWarning), ...facts.issues];
  const state = facts.ready ? (issues.length === 0 ? 'healthy' : 'degraded') : 'down';
  return { state, issues: issues.toSorted((a, b) => Number(b.severity === 'error') - Number(a.severity === 'error')) };
}
