/** Renders log lines for a person: local time, level, role, message, then the other fields; one entry, one line. */
import { entryTimeMs, parseLogLine, type LogEntry } from './entry.js';
import { escapeControls } from './escape.js';
import { levelRank } from './level.js';
import { isFields } from '../fields.js';

export interface RenderOptions {
  /** ANSI colours; off unless asked for. */
  readonly colour?: boolean;
}

/** Fields shown elsewhere in the line, or identical in all lines of one machine. */
const HIDDEN_FIELDS = new Set(['level', 'time', 'msg', 'role', 'pid', 'hostname', 'instanceId', 'raw', '__proto__']);
const MAX_FIELD_CHARACTERS = 400;
const MAX_MESSAGE_CHARACTERS = 8_192;

type Paint = 'dim' | 'red' | 'yellow' | 'green' | 'cyan' | 'magenta';
const CODES: Readonly<Record<Paint, number>> = { dim: 2, red: 31, green: 32, yellow: 33, magenta: 35, cyan: 36 };

function paint(text: string, style: Paint, options: RenderOptions): string {
  return options.colour === true ? `\u001b[${CODES[style]}m${text}\u001b[0m` : text;
}

const two = (value: number): string => String(value).padStart(2, '0');

/** `2026-03-01 14:05:09.120` in the reader's time zone. */
function localTime(timeMs: number): string {
  const at = new Date(timeMs);
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  const clock = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  return `${day} ${clock}.${String(at.getMilliseconds()).padStart(3, '0')}`;
}

function levelStyle(rank: number): Paint {
  if (rank >= 60) return 'magenta';
  if (rank >= 50) return 'red';
  if (rank >= 40) return 'yellow';
  return rank >= 30 ? 'green' : 'dim';
}

function shorten(text: string, limit: number): string {
  return text.length <= limit ? text : `${text.slice(0, limit)}… (${text.length - limit} more characters)`;
}

/** `TypeError: message (at file:line)`: the stack itself is in the JSON form. */
function errorSummary(error: Record<string, unknown>): string {
  const name = typeof error['code'] === 'string' ? error['code'] : error['type'];
  const head = typeof name === 'string' ? `${name}: ${String(error['message'])}` : String(error['message']);
  const frame = typeof error['stack'] === 'string' ? /\n\s+(at [^\n]{1,200})/.exec(error['stack']) : null;
  const cause = isFields(error['cause']) ? `; caused by ${errorSummary(error['cause'])}` : '';
  return `${head}${frame === null ? '' : ` (${frame[1]})`}${cause}`;
}

function fieldText(value: unknown): string {
  if (typeof value === 'string') return /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
  if (isFields(value) && typeof value['message'] === 'string') return JSON.stringify(errorSummary(value));
  return JSON.stringify(value) ?? String(value);
}

function renderFields(entry: LogEntry, options: RenderOptions): string {
  let text = '';
  for (const [key, value] of Object.entries(entry)) {
    if (HIDDEN_FIELDS.has(key) || value === undefined || value === null) continue;
    const name = escapeControls(shorten(key, 64));
    text += ` ${paint(`${name}=`, 'dim', options)}${escapeControls(shorten(fieldText(value), MAX_FIELD_CHARACTERS))}`;
  }
  return text;
}

function renderLevel(level: unknown, options: RenderOptions): string {
  const name = typeof level === 'string' || typeof level === 'number' ? String(level) : '';
  return paint(escapeControls(shorten(name, 16)).toUpperCase().padEnd(5), levelStyle(levelRank(level)), options);
}

function renderRole(entry: LogEntry, options: RenderOptions): string {
  const role = typeof entry['role'] === 'string' ? escapeControls(shorten(entry['role'], 32)) : '';
  return role === '' ? '' : `${paint(role.padEnd(10), 'cyan', options)} `;
}

/** One entry as one line, without a line break. */
export function renderLogEntry(entry: LogEntry, options: RenderOptions = {}): string {
  const message = typeof entry['msg'] === 'string' ? shorten(entry['msg'], MAX_MESSAGE_CHARACTERS) : '';
  if (entry['raw'] === true && entry['level'] === undefined) return escapeControls(message);
  const timeMs = entryTimeMs(entry);
  const time = timeMs === undefined ? '' : `${paint(localTime(timeMs), 'dim', options)} `;
  const head = `${time}${renderLevel(entry['level'], options)} ${renderRole(entry, options)}`;
  return `${head}${escapeControls(message)}${renderFields(entry, options)}`;
}

/** Renders a line of the log file for reading; a line that is not JSON is shown verbatim with control characters escaped. */
export function renderLogLine(line: string, options: RenderOptions = {}): string {
  return renderLogEntry(parseLogLine(line), options);
}
