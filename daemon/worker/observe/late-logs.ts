/** Loads the bundle that reads the log when somebody looks at the log for the first time. */
import type { LogService, WorkerLogOptions } from './logs.js';

/** The bundle `insight`. */
export interface InsightModule {
  createLogService(options: WorkerLogOptions): LogService;
}

/** @param load  loads the bundle; called again after it has thrown */
export function lateLogs(load: () => InsightModule, options: WorkerLogOptions): LogService {
  let service: LogService | undefined;
  const logs = (): LogService => (service ??= load().createLogService(options));
  return {
    query: async (query) => logs().query(query),
    count: async (query) => logs().count(query),
    follow: (query, signal) => logs().follow(query, signal),
    download: (query) => logs().download(query),
  };
}
