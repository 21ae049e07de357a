/**
 * A call of the API as a command line, so that a program can do what a button does. It contains no secret: the token and
 * other secrets are variables, because copied lines are pasted into chats and files.
 */
import { cronAddCommand, cronEditCommand } from '../../../shared/cron-job.js';
import { shellCommand, shellQuote, shellWord } from '../../../shared/text/shell-word.js';
import { formatKey, type KeyPath } from '../../../shared/config/key-path.js';
import { isSecret, isSecretMask, isVariableReference } from '../../../shared/config/secrets.js';
import type { Call } from './call.js';
import { type Fields, isFields } from '../../../shared/fields.js';

const isHidden = (value: unknown, path: KeyPath): boolean => isSecret(value, path) && !isVariableReference(value);

/** Marks the name of a variable until the text is quoted; it is a private-use character. */
const MARK = '\uE000';

/** `channels.….botToken` → `BOT_TOKEN`. */
function variableOf(path: KeyPath): string {
  const name = String(path.findLast((segment) => typeof segment === 'string') ?? 'secret');
  return name
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .replace(/\W/g, '_')
    .toUpperCase();
}

function hideSecrets(value: unknown, path: KeyPath = []): unknown {
  if (Array.isArray(value)) return value.map((item, index) => hideSecrets(item, [...path, index]));
  if (isSecretMask(value)) return value;
  if (isFields(value)) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, hideSecrets(item, [...path, key])]));
  return isHidden(value, path) ? `${MARK}${variableOf(path)}${MARK}` : value;
}

function quote(text: string): string {
  return shellQuote(text).replace(new RegExp(`${MARK}(\\w+)${MARK}`, 'g'), `'"$$$1"'`);
}

interface CurlPlace {
  /** The whole address. */
  readonly url: URL;
  /** Whether the call needs the token. */
  readonly hasToken: boolean;
}

/** Returns the command for curl. `$XOPC_TOKEN` stands for the output of `xopc gateway token --show`. */
export function curlLine({ method, body, headers }: Call, { url, hasToken }: CurlPlace): string {
  const parts = ['curl', ...(method === 'GET' ? [] : ['-X', method]), quote(url.href)];
  if (hasToken) parts.push('-H', '"Authorization: Bearer $XOPC_TOKEN"');
  for (const [name, value] of Object.entries(headers ?? {})) parts.push('-H', quote(`${name}: ${value}`));
  if (body instanceof File) parts.push('-T', shellWord(body.name));
  else if (body !== undefined) {
    if (headers?.['Content-Type'] === undefined) parts.push('-H', quote('Content-Type: application/json'));
    // Sent as raw data: curl would treat text that begins with @ as a file name.
    parts.push('--data-raw', quote(typeof body === 'string' ? body : JSON.stringify(hideSecrets(body))));
  }
  return parts.join(' ');
}

function configWord(value: unknown): string {
  if (typeof value !== 'string') return shellWord(JSON.stringify(value));
  try {
    JSON.parse(value);
    return shellWord(JSON.stringify(value));
  } catch {
    return shellWord(value);
  }
}

/** A model with its fallbacks is one value. */
const isWhole = (value: unknown, key: string): boolean => !isFields(value) || Object.keys(value).length === 0 || key === 'model';

function configLines(patch: Fields, parent: KeyPath = []): string[] {
  return Object.entries(patch).flatMap(([key, value]) => {
    const path = [...parent, key];
    const name = formatKey(path);
    if (value === null) return [shellCommand`xopc config unset ${name}`];
    if (isSecretMask(value)) return [];
    if (isHidden(value, path)) return [`printf %s "$${variableOf(path)}" | ${shellCommand`xopc config set ${name} -`}`];
    return isWhole(value, key) ? [`${shellCommand`xopc config set ${name}`} ${configWord(value)}`] : configLines(value as Fields, path);
  });
}

function optionText(value: unknown): string {
  if (Array.isArray(value)) return value.join(',');
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

function tokenAddLine({ name, scopes, agents, expiresAt, requestsPerMinute, dailyUsd }: Fields): string {
  const options = { scope: scopes, agents, expires: expiresAt, rate: requestsPerMinute, 'daily-usd': dailyUsd };
  const given = Object.entries(options).flatMap(([flag, value]) =>
    optionText(value) === '' ? [] : `--${flag} ${shellWord(optionText(value))}`,
  );
  return ['xopc token add', shellWord(String(name)), ...given].join(' ');
}

function decideLine(id: string, { decision, remember, note }: Fields): string {
  const options = Object.entries({ remember, note }).flatMap(([flag, value]) =>
    typeof value === 'string' ? [`--${flag} ${shellWord(value)}`] : [],
  );
  return [shellCommand`xopc ${String(decision)} ${id}`, ...options].join(' ');
}

/** Returns the `xopc` command for the call; undefined if there is none. */
export function cliLine({ method, path, body }: Call): string | undefined {
  const [, escapedId = '', action = ''] = /^\/api\/cron\/([^/?]+)\/?([^/?]*)$/.exec(path) ?? [];
  const id = decodeURIComponent(escapedId);
  const fields = isFields(body) ? body : {};
  if (method === 'PATCH' && path === '/api/config') return configLines(fields).join(' && ') || undefined;
  if (method === 'POST' && path === '/api/tokens') return tokenAddLine(fields);
  const [, tokenId] = /^\/api\/tokens\/(.+)$/.exec(path) ?? [];
  if (method === 'DELETE' && tokenId !== undefined) return shellCommand`xopc token revoke ${decodeURIComponent(tokenId)}`;
  const [, approvalId] = /^\/api\/approvals\/(\d+)\/decide$/.exec(path) ?? [];
  if (approvalId !== undefined) return decideLine(approvalId, fields);
  const [, server, tool = ''] = /^\/api\/mcp\/([^/]+)\/tools\/([^/]+)\/call$/.exec(path) ?? [];
  if (server !== undefined)
    return `${shellCommand`xopc mcp call ${decodeURIComponent(server)} ${decodeURIComponent(tool)}`} ${quote(JSON.stringify(hideSecrets(fields['arguments'] ?? {})))}`;
  if (method === 'POST' && path === '/api/cron/create') return cronAddCommand(fields);
  if (method === 'POST' && path === '/api/cron/trigger') return shellCommand`xopc cron run ${String(fields['job_id'])}`;
  if (method === 'POST' && action === 'toggle') return cronEditCommand(id, fields) || undefined;
  if (id === '' || action !== '') return undefined;
  if (method === 'PATCH') return cronEditCommand(id, fields) || undefined;
  return method === 'DELETE' ? shellCommand`xopc cron remove ${id}` : undefined;
}
