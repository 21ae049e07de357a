/** What a supervisor says that has nothing to complain of. */
import type { StatusDocument } from '../../shared/api/gateway/status.js';

const NOW = '2026-02-03T04:05:06.000Z';

export const fakeStatus: StatusDocument = {
  state: 'running',
  desired: 'up',
  ready: true,
  pid: 1,
  instanceId: 'gw_1',
  version: '0.1.0',
  build: { running: 'b', installed: 'b' },
  startedAt: NOW,
  uptimeMs: 1,
  host: '0.0.0.0',
  port: 18_790,
  urls: [],
  home: '/home',
  configPath: '/home/config.json',
  logPath: '/home/logs/gateway.log',
  sources: {},
  supervisedBy: null,
  auth: { enabled: false, tokenHint: null },
  worker: null,
  draining: [],
  restarts: { planned: 0, crashes: 0 },
  lastExit: null,
  nextAttemptAt: null,
  fallback: false,
  warnings: [],
};
