import { expect, test } from 'vitest';
import { gatewayHealth, type HealthFacts } from '../../../../daemon/supervisor/control/gateway-health.js';

const well: HealthFacts = { state: 'running', ready: true, lastExit: null, warnings: [], crashesLastHour: 0, issues: [] };
const lastExit = { at: '', pid: 1, code: 1, signal: null, reason: 'exited with code 1', output: '' };

test('choices of the owner are no issues, everything else degrades, and errors come first', () => {
  expect(gatewayHealth(well)).toEqual({ state: 'healthy', issues: [] });
  const harmless = ['AUTH_DISABLED', 'CORS_OPEN', 'LOOPBACK_REFUSED', 'LOG_LEVEL_CHANGED', 'NEWER_BUILD', 'TOKEN_REPLACED'].map((code) => ({
    code,
    message: 'x',
  }));
  expect(gatewayHealth({ ...well, warnings: harmless }).state).toBe('healthy');
  const unusable = { code: 'MODEL_UNUSABLE', message: 'a model' };
  const issues = [{ id: 'channel:webhook', severity: 'error', text: 'Channel webhook: down', action: 'See: xopc channels' }] as const;
  const health = gatewayHealth({ ...well, lastExit, crashesLastHour: 5, warnings: [unusable, { ...unusable, hint: 'mend it' }], issues });
  expect(health.state).toBe('degraded');
  expect(health.issues.map(({ id }) => id)).toEqual(['channel:webhook', 'crashes', 'MODEL_UNUSABLE', 'MODEL_UNUSABLE:2']);
  expect(health.issues[1]?.text).toBe('The gateway crashed 5 times in the last hour. Last exit: exited with code 1.');
});

test('without a worker that accepts, the gateway is down, with the reason', () => {
  expect(gatewayHealth({ ...well, ready: false, state: 'failed', lastExit, crashesLastHour: 5 })).toMatchObject({
    state: 'down',
    issues: [{ id: 'down', severity: 'error', text: 'No worker accepts connections (failed). Last exit: exited with code 1.' }],
  });
});
