import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { LogLevelOverride, type LogLevelOptions, LogLevels } from '../../../../daemon/worker/observe/log-level.js';
import type { LogLevel } from '../../../../shared/log/level.js';
import { eventually } from '../../../helpers/eventually.js';
import { FakeClock } from '../../../helpers/fake-clock.js';
import { logMemory } from '../../../helpers/log-memory.js';
import { tempDir } from '../../../helpers/temp-dir.js';

function make(
  options: Pick<LogLevelOptions, 'clock' | 'path'>,
  configured = (): LogLevel => 'info',
): LogLevelOverride & { readonly levels: LogLevels } {
  const levels = new LogLevels(configured);
  return Object.assign(new LogLevelOverride({ ...options, levels, logger: logMemory() }), { levels });
}

test('a temporary level is shown while it applies, and ends with the configured level', async () => {
  const clock = new FakeClock();
  let configured: LogLevel = 'info';
  const level = make({ clock }, () => configured);
  expect([level.levels.level, level.read().until, level.warnings()]).toEqual(['info', null, []]);
  await level.change({ level: 'debug', durationMs: 60_000 });
  expect(level.read()).toEqual({
    level: 'debug',
    configured: 'info',
    until: new Date(clock.now() + 60_000).toISOString(),
    modules: [],
  });
  expect(level.warnings()).toMatchObject([{ code: 'LOG_LEVEL_CHANGED', message: expect.stringContaining("'debug' until") as string }]);
  configured = 'warn';
  expect(level.levels.level).toBe('debug');
  clock.advance(60_000);
  expect([level.levels.level, level.read().until, level.warnings()]).toEqual(['warn', null, []]);
});

test('a second change takes the place of the first with its time, and null goes back at once', async () => {
  const clock = new FakeClock();
  const level = make({ clock });
  await level.change({ level: 'debug', durationMs: 1_000 });
  await level.change({ level: 'trace' });
  clock.advance(1_000);
  expect(level.levels.level).toBe('trace');
  await level.change({ level: null });
  expect(level.levels.level).toBe('info');
  clock.advance(3_600_000);
  expect(level.levels.level).toBe('info');
});

test('a module has a temporary level of its own, independent of the others', async () => {
  const clock = new FakeClock();
  const level = make({ clock });
  await level.change({ level: 'trace', module: 'outbox', durationMs: 60_000 });
  expect(['outbox', 'cron', undefined, 'constructor', 7].map((name) => level.levels.levelOf(name))).toEqual([
    'trace',
    'info',
    'info',
    'info',
    'info',
  ]);
  await level.change({ level: 'error', durationMs: 30_000 });
  expect([level.levels.levelOf('outbox'), level.levels.levelOf('cron')]).toEqual(['trace', 'error']);
  expect(level.warnings().map(({ hint }) => hint)).toEqual([
    'Change it back now with: xopc gateway log-level --reset --module outbox',
    'Change it back now with: xopc gateway log-level --reset',
  ]);
  clock.advance(30_000);
  expect(level.read()).toMatchObject({ level: 'info', until: null, modules: [{ module: 'outbox', level: 'trace' }] });
  clock.advance(30_000);
  expect([level.levels.levelOf('outbox'), level.read().modules]).toEqual(['info', []]);
});

test('null takes back a module alone, or without one all that was changed', async () => {
  const level = make({ clock: new FakeClock() });
  await level.change({ level: 'debug', module: 'outbox' });
  await level.change({ level: 'debug', module: 'cron' });
  await level.change({ level: 'warn' });
  expect(await level.change({ level: null, module: 'cron' })).toMatchObject({ level: 'warn', modules: [{ module: 'outbox' }] });
  expect(await level.change({ level: null })).toEqual({ level: 'info', configured: 'info', until: null, modules: [] });
});

test('what was changed holds in the next process for the rest of its time, and no longer', async () => {
  /** Each process has a clock of its own: one that has ended writes nothing any more. */
  const clockAt = (ms: number): FakeClock => {
    const clock = new FakeClock();
    clock.advance(ms);
    return clock;
  };
  const path = join(tempDir(), 'log-level.json');
  const first = make({ clock: clockAt(0), path });
  await first.change({ level: 'warn', durationMs: 60_000 });
  await first.change({ level: 'debug', module: 'cron', durationMs: 90_000 });
  expect(JSON.parse(readFileSync(path, 'utf8'))).toHaveLength(2);
  const clock = clockAt(59_000);
  const second = make({ clock, path });
  expect(second.read()).toEqual(first.read());
  clock.advance(1_000);
  expect([second.levels.levelOf('cron'), second.levels.levelOf('outbox'), second.read().until]).toEqual(['debug', 'info', null]);
  await eventually(() => expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject([{ scope: 'cron' }]));
  expect(make({ clock: clockAt(90_000), path }).read()).toEqual({ level: 'info', configured: 'info', until: null, modules: [] });
});

test('a level that could not be stored says so, until it can be', async () => {
  const directory = join(tempDir(), 'state');
  const level = make({ clock: new FakeClock(), path: join(directory, 'log-level.json') });
  expect(await level.change({ level: 'debug' })).toMatchObject({ level: 'debug', kept: false });
  mkdirSync(directory);
  expect(await level.change({ level: 'trace' })).not.toHaveProperty('kept');
});

test.each([
  '',
  'no JSON',
  '{}',
  '[null, 1, {"scope": "all"}]',
  '[{"scope": "__proto__", "level": "debug", "untilMs": 1e15}]',
  '[{"scope": "all", "level": "debug", "untilMs": 1e15}]',
])('a file that says nothing of use is as none: %j', (text) => {
  const path = join(tempDir(), 'log-level.json');
  writeFileSync(path, text);
  const level = make({ clock: new FakeClock(), path });
  expect(level.read()).toEqual({ level: 'info', configured: 'info', until: null, modules: [] });
});
