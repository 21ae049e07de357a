import { expect, test } from 'vitest';
import { LogLevelOverride } from '../../../../daemon/worker/services/log-level.js';
import type { LogLevel } from '../../../../shared/log/level.js';
import { FakeClock } from '../../../helpers/fake-clock.js';

test('a changed level holds for its time, is told meanwhile, and goes back by itself to what is configured then', () => {
  const clock = new FakeClock();
  let configured: LogLevel = 'info';
  const level = new LogLevelOverride({ clock, configured: () => configured });
  expect([level.level, level.read().until, level.warnings()]).toEqual(['info', null, []]);
  level.change({ level: 'debug', durationMs: 60_000 });
  expect(level.read()).toEqual({ level: 'debug', configured: 'info', until: new Date(clock.now() + 60_000).toISOString() });
  expect(level.warnings()).toMatchObject([{ code: 'LOG_LEVEL_CHANGED', message: expect.stringContaining("'debug' until") as string }]);
  configured = 'warn';
  expect(level.level).toBe('debug');
  clock.advance(60_000);
  expect([level.level, level.read().until, level.warnings()]).toEqual(['warn', null, []]);
});

test('a second change takes the place of the first with its time, and null goes back at once', () => {
  const clock = new FakeClock();
  const level = new LogLevelOverride({ clock, configured: () => 'info' });
  level.change({ level: 'debug', durationMs: 1_000 });
  level.change({ level: 'trace' });
  clock.advance(1_000);
  expect(level.level).toBe('trace');
  level.change({ level: null });
  expect(level.level).toBe('info');
  clock.advance(3_600_000);
  expect(level.level).toBe('info');
});
