/** What is only needed when somebody looks: a bundle of its own, loaded by the first look. */
import type { LogService } from './log-contract.js';
import type { LogServiceOptions } from './logs.js';

export interface InsightModule {
  createLogService(options: LogServiceOptions): LogService;
}

export function lateLogs(insight: () => InsightModule, options: LogServiceOptions): LogService {
  let service: LogService | undefined;
  const logs = (): LogService => (service ??= insight().createLogService(options));
  return {
    query: async (query) => logs().query(query),
    follow: (query, signal) => logs().follow(query, signal),
    download: (choice) => logs().download(choice),
  };
}
