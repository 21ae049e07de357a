/** The form of an MCP server: from its entry in the configuration, and back as a change of that entry. */
import type { Call } from '../../../api/call.js';
import { isSecretMask, showMask } from '../../../../../shared/config/secrets.js';
import { type Fields, isFields } from '../../../../../shared/fields.js';

/** An entry of `mcp.servers` as written, with masks in place of secrets. */
export type ServerEntry = Readonly<Record<string, unknown>>;

export interface ServerFields {
  readonly name: string;
  readonly kind: 'command' | 'url';
  readonly command: string;
  /** One per line. */
  readonly args: string;
  /** `NAME=value` per line. */
  readonly env: string;
  readonly cwd: string;
  /** Empty keeps the stored one, which is not shown. */
  readonly url: string;
  readonly token: string;
  /** `Name: value` per line. */
  readonly headers: string;
}

type ArgumentFault = 'notLines' | 'isMoved' | 'looksAlike';
export type ServerFaults = Partial<
  Record<'name', 'badName' | 'isTaken'> & Record<'env' | 'headers', 'badLine'> & Record<'args', ArgumentFault>
>;

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** A stored secret in a line; a line that keeps it keeps the secret. The end of one that is shown may have a line break. */
const shown = (value: unknown): string => (isSecretMask(value) ? showMask(value).replaceAll(/\s/g, '') : textOf(value));

const lineOf = (argument: unknown): string => (isSecretMask(argument) ? shown(argument) : String(argument));

const itemsOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

const linesOf = (values: unknown, between: string): string =>
  isFields(values)
    ? Object.entries(values)
        .map(([name, value]) => name + between + shown(value))
        .join('\n')
    : '';

export function fieldsOf(name: string, entry: ServerEntry = {}): ServerFields {
  const { command, args, env, cwd, url, headers } = entry;
  return {
    name,
    kind: url === undefined ? 'command' : 'url',
    command: textOf(command),
    args: itemsOf(args).map(lineOf).join('\n'),
    env: linesOf(env, '='),
    cwd: textOf(cwd),
    url: textOf(url),
    token: textOf(entry['token']),
    headers: linesOf(headers, ': '),
  };
}

/** Returns the values of lines, with the masks of secrets that stay; undefined where a line has no name. */
function valuesOf(text: string, between: '=' | ':', before: unknown): Fields | undefined {
  const stored = isFields(before) ? before : {};
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const entries = lines.map((line): readonly [string, unknown] => {
    const at = line.indexOf(between);
    const name = line.slice(0, Math.max(0, at)).trim();
    const value = between === '=' ? line.slice(at + 1) : line.slice(at + 1).trim();
    const known = Object.hasOwn(stored, name) ? stored[name] : undefined;
    return [name, isSecretMask(known) && value === shown(known) ? known : value];
  });
  return entries.some(([name]) => name === '') ? undefined : Object.fromEntries(entries);
}

/**
 * Returns the arguments of the form's text. What is as it was shown stays as it is stored: lines cannot show an argument that is
 * empty or has several lines. In a changed text, a hidden argument stays only at its place, as the gateway requires.
 */
function argsOf(text: string, stored: readonly unknown[]): readonly unknown[] {
  const texts = stored.map(lineOf);
  if (text === texts.join('\n')) return stored;
  const lines = text.split('\n').filter((line) => line !== '');
  const countIn = (list: readonly string[], line: string): number => list.filter((other) => other === line).length;
  const stays = (line: string, at: number): boolean => line === texts[at] && countIn(lines, line) === countIn(texts, line);
  return lines.map((line, at) => (isSecretMask(stored[at]) && stays(line, at) ? stored[at] : line));
}

function argsFault(text: string, before: unknown): ArgumentFault | undefined {
  const stored = itemsOf(before);
  const args = argsOf(text, stored);
  if (args === stored) return undefined;
  if (stored.some((arg) => arg === '' || /[\r\n]/.test(textOf(arg)))) return 'notLines';
  const texts = stored.map(lineOf);
  const lost = args.flatMap((arg, at) => (textOf(arg).startsWith(showMask({})) ? [arg === texts[at]] : []));
  if (lost.length === 0) return undefined;
  return lost.includes(false) ? 'isMoved' : 'looksAlike';
}

/** The parts of the form that are fields of the entry; undefined: not in it. A masked value that stays is its mask. */
function entryOf({ kind, command, args, cwd, url, token, env, headers }: ServerFields, before: ServerEntry): ServerEntry {
  const kept = (text: string, known: unknown): unknown => (text === '' ? (isSecretMask(known) ? known : undefined) : text);
  const none = {
    command: undefined,
    args: undefined,
    env: undefined,
    cwd: undefined,
    url: undefined,
    token: undefined,
    headers: undefined,
  };
  if (kind === 'url')
    return {
      ...none,
      url: kept(url.trim(), before['url']),
      token: kept(token.trim(), before['token']),
      headers: valuesOf(headers, ':', before['headers']),
    };
  const list = argsOf(args, itemsOf(before['args']));
  return {
    ...none,
    command: command.trim(),
    args: list.length === 0 ? undefined : list,
    env: valuesOf(env, '=', before['env']),
    cwd: cwd.trim() === '' ? undefined : cwd.trim(),
  };
}

const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** Returns a merge patch from one object to another; undefined if nothing changes. */
function patchOf(before: Fields, after: Fields): Fields | undefined {
  const changes = [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((key): (readonly [string, unknown])[] => {
    const [old, now] = [before[key], after[key]];
    if (isSame(old, now)) return [];
    if (now === undefined) return [[key, null]];
    if (!isFields(now) || isSecretMask(now) || isSecretMask(old)) return [[key, now]];
    const inner = patchOf(isFields(old) ? old : {}, now);
    return inner === undefined ? [] : [[key, inner]];
  });
  return changes.length === 0 ? undefined : Object.fromEntries(changes);
}

/** Returns the call that saves the form: only what it changes of the entry. @param before  the entry as written; undefined for a new server */
export function saveCall(fields: ServerFields, before: ServerEntry | undefined): Call {
  const entry = before ?? {};
  // Fields that the form does not have are unchanged.
  const after = { ...entry, ...entryOf(fields, entry) };
  const patch = patchOf(entry, after) ?? {};
  return { method: 'PATCH', path: '/api/config', body: { mcp: { servers: { [fields.name]: patch } } } };
}

/** @param before  the entry as written; undefined for a new server */
export function findFaults(fields: ServerFields, taken: readonly string[], before?: ServerEntry): ServerFaults {
  const { name, kind, args, env, headers } = fields;
  const ofArgs = kind === 'command' ? argsFault(args, before?.['args']) : undefined;
  return {
    ...(/^[a-z0-9-]{1,32}$/.test(name) ? {} : { name: 'badName' as const }),
    ...(taken.includes(name) ? { name: 'isTaken' as const } : {}),
    ...(ofArgs === undefined ? {} : { args: ofArgs }),
    ...(kind === 'command' && valuesOf(env, '=', {}) === undefined ? { env: 'badLine' as const } : {}),
    ...(kind === 'url' && valuesOf(headers, ':', {}) === undefined ? { headers: 'badLine' as const } : {}),
  };
}

/** Whether the required fields are filled in. @param before  its stored URL may be kept */
export function isComplete({ name, kind, command, url }: ServerFields, before: ServerEntry | undefined): boolean {
  return name !== '' && (kind === 'command' ? command.trim() !== '' : url.trim() !== '' || before?.['url'] !== undefined);
}
