/** Loads the bundle that reads the log on the first request for the log. */
import type { PatternModule } from '../../../shared/node/log/line-matcher.js';
import type { LogService, LogServiceOptions } from '../../../shared/node/log/log-service.js';

export interface LogModule extends PatternModule {
  createLogService(options: LogServiceOptions): LogService;
}

/** @param load  loads the bundle; called again after it has thrown */
export function lateLogs(load: () => LogModule, options: Omit<LogServiceOptions, 'loadPatterns'>): LogService {
  let service: LogService | undefined;
  const logs = (): LogService => (service ??= load().createLogService({ ...options, loadPatterns: load }));
  return {
    query: async (query) => logs().query(query),
    count: async (query) => logs().count(query),
    follow: (query, signal) => logs().follow(query, signal),
    download: (query) => logs().download(query),
  };
}
