/** Renders the status document as text. The wording of the first block is fixed; further lines follow. */
import type { ExitRecord, GatewayHealth, StatusDocument, StatusIssue } from '../../shared/api/gateway/status.js';
import { escapeControls } from '../../shared/log/escape.js';
import type { Paint } from './output.js';
import { formatDuration } from './duration.js';

function headline(status: StatusDocument): string {
  if (status.desired === 'down' || status.state === 'draining') return '⏳ Gateway is stopping';
  if (status.ready) return '✅ Gateway is running';
  switch (status.state) {
    case 'failed':
      return '❌ Gateway has failed and keeps trying';
    case 'backoff':
      return '❌ Gateway is down and will be started again';
    default:
      return '⏳ Gateway is starting';
  }
}

function healthLines({ health }: StatusDocument, nowMs: number): string[] {
  if (health === undefined) return [];
  const { state, since, last24Hours } = health;
  return [`Health: ${state} for ${formatDuration(nowMs - Date.parse(since))}`, `Last 24 hours: ${lifeText(last24Hours)}`];
}

/** `5 crashes, 1 restart, down for 12 s`. */
function lifeText({ crashes, restarts, downMs }: GatewayHealth['last24Hours']): string {
  const counts = [plural(crashes, 'crash', 'crashes'), plural(restarts, 'restart')];
  return [...counts, ...(downMs < 1_000 ? [] : [`down for ${formatDuration(downMs)}`])].join(', ');
}

/** The issues that are not also warnings. */
export function otherIssues({ health, warnings }: StatusDocument): readonly StatusIssue[] {
  const said = new Set(warnings.map(({ message }) => message));
  return health?.issues.filter(({ text }) => !said.has(text)) ?? [];
}

function issueLines(status: StatusDocument): string[] {
  return otherIssues(status).flatMap(({ text, action }) => [text, ...(action === null ? [] : [`  ${action}`])]);
}

function plural(count: number, word: string, words = `${word}s`): string {
  return `${count} ${count === 1 ? word : words}`;
}

/** `exited with code 1 (pid 42), 12 s ago`; a worker that could not be started has no pid. */
export function describeExit(exit: ExitRecord, nowMs: number): string {
  return `${exit.reason}${exit.pid > 0 ? ` (pid ${exit.pid})` : ''}, ${formatDuration(nowMs - Date.parse(exit.at))} ago`;
}

function workerLines({ worker }: StatusDocument): string[] {
  if (worker === null) return ['Worker: none'];
  const facts = [`pid ${worker.pid}`];
  if (worker.rssBytes !== null) facts.push(`${Math.round(worker.rssBytes / 1_048_576)} MB`);
  if (worker.connections !== null) facts.push(plural(worker.connections, 'connection'));
  if (worker.inFlight !== null) facts.push(`${plural(worker.inFlight, 'request')} running`);
  return [`Worker: ${facts.join(', ')}`];
}

function channelLines({ worker }: StatusDocument): string[] {
  const channels = Object.entries(worker?.channels ?? {});
  if (channels.length === 0) return [];
  const texts = channels.map(([name, { state, message }]) => `${name} ${state}${message === undefined ? '' : ` (${message})`}`);
  return [`Channels: ${texts.join(', ')}`];
}

function lifeLines(status: StatusDocument, nowMs: number): string[] {
  const { planned, crashes } = status.restarts;
  const lines = [`Restarts: ${planned} planned, ${plural(crashes, 'crash', 'crashes')}`];
  if (status.lastExit !== null) lines.push(`Last exit: ${describeExit(status.lastExit, nowMs)}`);
  if (status.nextAttemptAt !== null) lines.push(`Next attempt: in ${formatDuration(Date.parse(status.nextAttemptAt) - nowMs)}`);
  if (status.draining.length > 0) lines.push(`Finishing its work: worker ${status.draining.map(({ pid }) => pid).join(', ')}`);
  return lines;
}

function versionText(status: StatusDocument): string {
  return status.build.running === status.build.installed ? status.version : `${status.version} (another build is installed)`;
}

function detailLines(status: StatusDocument, nowMs: number): string[] {
  const state = `State: ${status.state}${status.ready ? ', ready' : ', not ready'}${status.fallback ? ', answering 503' : ''}`;
  return [
    `PID: ${status.pid}`,
    `Uptime: ${formatDuration(status.uptimeMs)}`,
    `Version: ${versionText(status)}`,
    state,
    ...workerLines(status),
    ...lifeLines(status, nowMs),
    ...healthLines(status, nowMs),
    ...channelLines(status),
    ...(status.supervisedBy === null ? [] : [`Service: ${status.supervisedBy}`]),
    `Config: ${status.configPath}`,
    `Log: ${status.logPath}`,
  ];
}

/** The block of warnings; empty if there are none. */
export function warningBlock({ warnings }: Pick<StatusDocument, 'warnings'>, paint: Paint): string[] {
  const lines = warnings.flatMap(({ code, message, hint }) => [`${code} ${message}`, ...(hint === undefined ? [] : [`  ${hint}`])]);
  return block(paint.yellow('⚠️  Warnings:'), lines);
}

/** A title and its indented lines; empty without lines. */
export function block(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [title, ...lines.map((line) => `   ${escapeControls(line)}`)];
}

/**
 * The text of `xopc gateway status`.
 * @param options.tokenHint  the token as it may be shown; null: none is known yet.
 */
export function renderStatus(status: StatusDocument, options: { tokenHint: string | null; nowMs: number; paint: Paint }): string {
  const { paint } = options;
  const isGood = status.ready && status.desired === 'up';
  const access = [`URL: ${status.urls[0] ?? ''}`, ...(options.tokenHint === null ? [] : [`Token: ${options.tokenHint}`])];
  return [
    ...block(isGood ? paint.green(headline(status)) : paint.yellow(headline(status)), [`Port: ${status.port}`]),
    ...block('🌐 Access:', access),
    ...block('📝 Management:', ['xopc gateway stop      # Stop gateway', 'xopc gateway restart   # Restart gateway']),
    ...block('📋 Details:', detailLines(status, options.nowMs)),
    ...block(paint.yellow('⚠️  Issues:'), issueLines(status)),
    ...warningBlock(status, paint),
  ].join('\n');
}

/** Returns the exit code: 0 serving or finishing its work, 1 down, 6 starting. */
export function statusExitCode(status: StatusDocument): number {
  if (status.ready || status.state === 'draining' || status.desired === 'down') return 0;
  return status.state === 'starting' ? 6 : 1;
}
