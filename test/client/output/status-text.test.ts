import { createColors } from 'picocolors';
import { describe, expect, test } from 'vitest';
import { formatDuration } from '../../../client/output/duration.js';
import { renderStatus, statusExitCode } from '../../../client/output/status-text.js';
import type { StatusDocument } from '../../../shared/api/gateway/status.js';
import { sampleStatus } from '../../fakes/control-socket.js';

const NOW = Date.parse('2026-01-01T00:00:00.000Z');
const render = (change: Partial<StatusDocument> = {}): string =>
  renderStatus({ ...sampleStatus, ...change }, { tokenHint: 'abc12345...xyz67890', nowMs: NOW, paint: createColors(false) });

test('the first block matches the documentation exactly', () => {
  expect(render().split('\n').slice(0, 8).join('\n')).toBe(`✅ Gateway is running
   Port: 18790
🌐 Access:
   URL: http://localhost:18790
   Token: abc12345...xyz67890
📝 Management:
   xopc gateway stop      # Stop gateway
   xopc gateway restart   # Restart gateway`);
});

test('further lines show the details', () => {
  expect(render().split('\n').slice(8)).toEqual([
    '📋 Details:',
    `   PID: ${process.pid}`,
    '   Uptime: 1 h 2 min',
    '   Version: 1.2.3',
    '   State: running, ready',
    '   Worker: pid 4711, 100 MB, 3 connections, 1 request running',
    '   Restarts: 2 planned, 1 crash',
    '   Config: /home/u/.xopc/config.json',
    '   Log: /home/u/.xopc/logs/gateway.log',
  ]);
});

test('problems are shown: the last exit, the next attempt, channels, warnings', () => {
  const text = render({
    state: 'failed',
    ready: false,
    fallback: true,
    worker: null,
    lastExit: { at: '2025-12-31T23:59:48.000Z', pid: 9, code: 1, signal: null, reason: 'exited with code 1', output: 'boom' },
    nextAttemptAt: '2026-01-01T00:00:30.000Z',
    warnings: [{ code: 'CONFIG_INVALID', message: 'config.json:2:23 gateway.port is 0', hint: 'mend it' }],
  });
  for (const line of [
    '❌ Gateway has failed and keeps trying',
    '   State: failed, not ready, answering 503',
    '   Worker: none',
    '   Last exit: exited with code 1 (pid 9), 12 s ago',
    '   Next attempt: in 30 s',
    '⚠️  Warnings:',
    '   CONFIG_INVALID config.json:2:23 gateway.port is 0',
    '     mend it',
  ]) {
    expect(text.split('\n')).toContain(line);
  }
});

test('the health is shown with its issues, those that are warnings only once', () => {
  const issue = { id: 'channel:webhook', severity: 'error', text: 'Channel webhook: down', action: 'See: xopc channels' } as const;
  const last24Hours = { since: '2025-12-31T00:00:00.000Z', crashes: 5, restarts: 1, downMs: 12_000 };
  const text = render({
    warnings: [{ code: 'MODEL_UNUSABLE', message: 'no such model' }],
    health: {
      state: 'degraded',
      since: '2025-12-31T23:50:00.000Z',
      issues: [issue, { ...issue, id: 'MODEL_UNUSABLE', text: 'no such model' }],
      last24Hours,
    },
  });
  expect(text).toContain('   Health: degraded for 10 min\n   Last 24 hours: 5 crashes, 1 restart, down for 12 s\n');
  expect(text).toContain('⚠️  Issues:\n   Channel webhook: down\n     See: xopc channels\n⚠️  Warnings:\n   MODEL_UNUSABLE no such model');
});

test('channels, a service manager, an old worker and another build are named', () => {
  const text = render({
    worker:
      sampleStatus.worker === null
        ? null
        : { ...sampleStatus.worker, channels: { telegram: { state: 'backoff', message: '401' }, webhook: { state: 'running' } } },
    supervisedBy: 'systemd',
    draining: [{ pid: 12, since: '' }],
    build: { running: 'a', installed: 'b' },
  });
  expect(text).toContain('Channels: telegram backoff (401), webhook running');
  expect(text).toContain('Service: systemd');
  expect(text).toContain('Finishing its work: worker 12');
  expect(text).toContain('1.2.3 (another build is installed)');
});

test('control characters of the document are escaped', () => {
  const evil = '\u001b[2J\u0007\u202e\r\nfake line';
  const text = render({ configPath: evil, version: evil, warnings: [{ code: evil, message: evil }] });
  // eslint-disable-next-line no-control-regex -- what must not be there
  expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
  expect(text.split('\n')).not.toContain('fake line');
});

describe('the exit code', () => {
  test.each<[Partial<StatusDocument>, number]>([
    [{}, 0],
    [{ state: 'starting', ready: true }, 0],
    [{ state: 'starting', ready: false }, 6],
    [{ state: 'backoff', ready: false }, 1],
    [{ state: 'failed', ready: false }, 1],
    [{ state: 'failed', ready: true }, 0],
    [{ state: 'draining', ready: false, desired: 'down' }, 0],
    [{ state: 'stopped', ready: false }, 1],
  ])('of %j is %i', (change, code) => {
    expect(statusExitCode({ ...sampleStatus, ...change })).toBe(code);
  });
});

test.each([
  [0, '0 ms'],
  [999, '999 ms'],
  [1_000, '1 s'],
  [59_999, '59 s'],
  [60_000, '1 min'],
  [3_725_000, '1 h 2 min'],
  [90_000_000, '1 d 1 h'],
  [86_400_000, '1 d'],
  [-5, '0 ms'],
])('%i ms is %s', (durationMs, text) => {
  expect(formatDuration(durationMs)).toBe(text);
});
