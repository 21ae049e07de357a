/** Starts the server of `xopc gateway logs --web`. */
import { systemClock } from '../../shared/clock.js';
import { GatewayError } from '../../shared/errors.js';
import { readBuiltPage, readPageFile } from '../../shared/node/build/built-page.js';
import type { PatternModule } from '../../shared/node/log/line-matcher.js';
import { createLogService } from '../../shared/node/log/log-service.js';
import { type LogWeb, serveLog } from './serve-log.js';

interface LogWebOptions {
  readonly logPath: string;
  /** Called when the first regular expression is used. */
  readonly loadPatterns: () => PatternModule;
}

/** @throws NOT_FOUND for a build without a page */
export function startLogWeb({ logPath, loadPatterns }: LogWebOptions): Promise<LogWeb> {
  const page = readBuiltPage(readPageFile());
  if (page === undefined)
    throw new GatewayError('NOT_FOUND', { message: 'this build has no page', hint: 'Show the log in the terminal: xopc gateway logs' });
  let patterns: PatternModule | undefined;
  const logs = createLogService({ logPath, loadPatterns: () => (patterns ??= loadPatterns()) });
  return serveLog({ logs, page, clock: systemClock });
}
