/** The log for the API: the files themselves, read backwards, a page at a time, or followed while they are written. */
import { GatewayError } from '../../../shared/errors.js';
import { parseLogLine } from '../../../shared/log/entry.js';
import { createLogFilter } from '../../../shared/log/filter.js';
import { isLogLevel, LOG_LEVELS, type LogLevel } from '../../../shared/log/level.js';
import { followFile } from '../../../shared/node/follow-file.js';
import { decodePosition, encodePosition } from '../../../shared/node/log-cursor.js';
import { readLog } from '../../../shared/node/read-log.js';
import type { Redactor } from '../../../shared/node/redact.js';
import type { LogEvent, LogFollowQuery, LogQuery, LogService } from './contracts.js';

const LIMIT = { default: 100, max: 1_000 } as const;
/** What one request may look at; a page with few or no entries and a cursor means: there is more to look at. */
const MAX_SCAN_BYTES = 33_554_432;
/** Each holds a watch on the file. */
const MAX_FOLLOWERS = 32;
/** A batch larger than this is given in parts. */
const MAX_EVENT_LINES = 500;

function checkLimit(limit: number): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= LIMIT.max) return limit;
  throw new GatewayError('INVALID_REQUEST', { message: `limit is ${limit}; it must be a whole number from 1 to ${LIMIT.max}` });
}

function levelFilter(level: string | undefined): { level?: LogLevel } {
  if (level === undefined) return {};
  if (isLogLevel(level)) return { level };
  throw new GatewayError('INVALID_REQUEST', { message: `level is '${level}'; it must be one of ${LOG_LEVELS.join(', ')}` });
}

/**
 * @param options.redactor  lines from before a secret was known are freed of it when they are read.
 */
export function createLogService(options: { readonly logPath: string; readonly redactor?: Redactor }): LogService {
  const clean = (line: string): string => options.redactor?.redact(line) ?? line;
  const parse = (line: string): Record<string, unknown> => parseLogLine(clean(line));
  const state = { followers: 0 };

  async function* follow({ level, q, from }: LogFollowQuery, signal: AbortSignal): AsyncGenerator<LogEvent> {
    const isWanted = createLogFilter({ ...levelFilter(level), ...(q === undefined ? {} : { q }) });
    const start = from === undefined ? 'end' : decodePosition(from);
    state.followers += 1;
    try {
      for await (const event of followFile(options.logPath, { from: start, signal })) {
        if (signal.aborted) return;
        if (event.type !== 'lines') {
          yield { type: 'gap', reason: event.type === 'gap' ? 'rotated' : 'truncated' };
          continue;
        }
        const lines = event.lines.filter((line) => isWanted(line) === 'take');
        for (let at = 0; at < lines.length; at += MAX_EVENT_LINES) {
          yield { type: 'lines', entries: lines.slice(at, at + MAX_EVENT_LINES).map(parse) };
        }
      }
    } finally {
      state.followers -= 1;
    }
  }

  return {
    async query({ level, limit = LIMIT.default, ...rest }: LogQuery) {
      const filter = { ...rest, ...levelFilter(level) };
      // Without a cursor this is the newest page: a line that is being written is left to who follows from its end.
      const isNewest = rest.cursor === undefined;
      const page = await readLog(options.logPath, {
        ...filter,
        limit: checkLimit(limit),
        maxScanBytes: MAX_SCAN_BYTES,
        completeOnly: isNewest,
      });
      const end = isNewest && page.end !== null ? encodePosition(page.end) : null;
      return { entries: page.lines.map(parse), nextCursor: page.nextCursor, end };
    },
    follow(query, signal) {
      if (state.followers >= MAX_FOLLOWERS) {
        throw new GatewayError('RATE_LIMITED', {
          message: `${MAX_FOLLOWERS} callers follow the log already, which is the most.`,
          hint: 'Close one of them, e.g. a tab of the page that shows the log.',
        });
      }
      if (query.from !== undefined) decodePosition(query.from);
      return follow(query, signal);
    },
  };
}
