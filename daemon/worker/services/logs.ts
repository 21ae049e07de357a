/** The log for the API: the files themselves, read backwards, a page at a time. */
import { GatewayError } from '../../../shared/errors.js';
import { parseLogLine } from '../../../shared/log/entry.js';
import { isLogLevel, LOG_LEVELS } from '../../../shared/log/level.js';
import { readLog } from '../../../shared/node/read-log.js';
import type { Redactor } from '../../../shared/node/redact.js';
import type { LogQuery, LogService } from './contracts.js';

const LIMIT = { default: 100, max: 1_000 } as const;
/** What one request may look at; a page with few or no entries and a cursor means: there is more to look at. */
const MAX_SCAN_BYTES = 33_554_432;

function checkLimit(limit: number): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= LIMIT.max) return limit;
  throw new GatewayError('INVALID_REQUEST', { message: `limit is ${limit}; it must be a whole number from 1 to ${LIMIT.max}` });
}

/**
 * @param options.redactor  lines from before a secret was known are freed of it when they are read.
 */
export function createLogService(options: { readonly logPath: string; readonly redactor?: Redactor }): LogService {
  const clean = (line: string): string => options.redactor?.redact(line) ?? line;
  return {
    async query({ level, limit = LIMIT.default, ...rest }: LogQuery) {
      if (level !== undefined && !isLogLevel(level)) {
        throw new GatewayError('INVALID_REQUEST', { message: `level is '${level}'; it must be one of ${LOG_LEVELS.join(', ')}` });
      }
      const filter = { ...rest, ...(level === undefined ? {} : { level }) };
      const page = await readLog(options.logPath, { ...filter, limit: checkLimit(limit), maxScanBytes: MAX_SCAN_BYTES });
      return { entries: page.lines.map((line) => parseLogLine(clean(line))), nextCursor: page.nextCursor };
    },
  };
}
