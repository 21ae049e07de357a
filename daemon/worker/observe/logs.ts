/** The log for the API, with what searches for regular expressions: both are loaded late. */
import { createLineMatcher } from '../../../shared/node/log/line-matcher.js';
import { createLogService as createService, type LogService, type LogServiceOptions } from '../../../shared/node/log/log-service.js';

export type { LogService } from '../../../shared/node/log/log-service.js';
export type WorkerLogOptions = Omit<LogServiceOptions, 'loadPatterns'>;

export function createLogService(options: WorkerLogOptions): LogService {
  return createService({ ...options, loadPatterns: () => ({ createLineMatcher }) });
}
