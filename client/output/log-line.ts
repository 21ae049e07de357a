/** Renders log lines for a person: local time, level, role, message, then the other fields; one entry, one line. */
import { isFields } from '../../shared/fields.js';
import { entryTimeMs, parseLogLine, type LogEntry } from '../../shared/log/entry.js';
import { escapeControls } from '../../shared/log/escape.js';
import { levelRank } from '../../shared/log/level.js';
import type { Paint } from './output.js';

/** Fields shown elsewhere in the line, or identical in all lines of one machine. */
const HIDDEN_FIELDS = new Set(['level', 'time', 'msg', 'role', 'pid', 'hostname', 'instanceId', 'raw', '__proto__']);
const MAX_FIELD_CHARACTERS = 400;
const MAX_MESSAGE_CHARACTERS = 8_192;

const two = (value: number): string => String(value).padStart(2, '0');

/** `2026-03-01 14:05:09.120` in the reader's time zone. */
function localTime(timeMs: number): string {
  const at = new Date(timeMs);
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  const clock = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  return `${day} ${clock}.${String(at.getMilliseconds()).padStart(3, '0')}`;
}

function levelStyle(rank: number): 'dim' | 'red' | 'yellow' | 'green' | 'magenta' {
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

function renderFields(entry: LogEntry, paint: Paint): string {
  let text = '';
  for (const [key, value] of Object.entries(entry)) {
    if (HIDDEN_FIELDS.has(key) || value === undefined || value === null) continue;
    const name = escapeControls(shorten(key, 64));
    text += ` ${paint.dim(`${name}=`)}${escapeControls(shorten(fieldText(value), MAX_FIELD_CHARACTERS))}`;
  }
  return text;
}

function renderLevel(level: unknown, paint: Paint): string {
  const name = typeof level === 'string' || typeof level === 'number' ? String(level) : '';
  return paint[levelStyle(levelRank(level))](escapeControls(shorten(name, 16)).toUpperCase().padEnd(5));
}

function renderRole(entry: LogEntry, paint: Paint): string {
  const role = typeof entry['role'] === 'string' ? escapeControls(shorten(entry['role'], 32)) : '';
  return role === '' ? '' : `${paint.cyan(role.padEnd(10))} `;
}

/** Renders a line of the log file as one line, without a line break; one that is not JSON is shown verbatim with control characters escaped. */
export function renderLogLine(line: string, paint: Paint): string {
  const entry = parseLogLine(line);
  const message = typeof entry['msg'] === 'string' ? shorten(entry['msg'], MAX_MESSAGE_CHARACTERS) : '';
  if (entry['raw'] === true && entry['level'] === undefined) return escapeControls(message);
  const timeMs = entryTimeMs(entry);
  const time = timeMs === undefined ? '' : `${paint.dim(localTime(timeMs))} `;
  const head = `${time}${renderLevel(entry['level'], paint)} ${renderRole(entry, paint)}`;
  return `${head}${escapeControls(message)}${renderFields(entry, paint)}`;
}
