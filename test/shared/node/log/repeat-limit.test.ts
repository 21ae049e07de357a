import { expect, test } from 'vitest';
import { RepeatLimit } from '../../../../shared/node/log/repeat-limit.js';
import { FakeClock } from '../../../helpers/fake-clock.js';

function setup(): { clock: FakeClock; limit: RepeatLimit; reports: [string, number][] } {
  const clock = new FakeClock();
  const reports: [string, number][] = [];
  return { clock, reports, limit: new RepeatLimit({ clock, onRepeated: (line, count) => reports.push([line, count]) }) };
}

test('a line passes twenty times, then it is counted, and the count is reported after ten seconds', () => {
  const { clock, limit, reports } = setup();
  const passed = Array.from({ length: 1_000 }, (_, index) => limit.admit('key', `line ${index}`)).filter(Boolean);
  expect(passed).toHaveLength(20);
  expect(reports).toEqual([]);
  clock.advance(10_000);
  expect(reports).toEqual([['line 999', 980]]);
});

test('a loop over a day is shown in every ten seconds, and no line is unaccounted for', () => {
  const { clock, limit, reports } = setup();
  let passed = 0;
  for (let step = 0; step < 86_400; step += 1) {
    for (let repeat = 0; repeat < 10; repeat += 1) if (limit.admit('key', 'line')) passed += 1;
    clock.advance(1_000);
  }
  limit.flush();
  expect(passed + reports.reduce((sum, [, count]) => sum + count, 0)).toBe(864_000);
  expect(passed).toBeLessThanOrEqual(20 * 8_641);
  expect(reports.length).toBeGreaterThan(8_000);
});

test('alternating lines are told apart, and different ones always pass', () => {
  const { limit } = setup();
  const passed = { a: 0, b: 0, unique: 0 };
  for (let index = 0; index < 5_000; index += 1) {
    if (limit.admit('a', 'a')) passed.a += 1;
    if (limit.admit('b', 'b')) passed.b += 1;
    if (limit.admit(`unique ${index}`, '')) passed.unique += 1;
  }
  expect(passed).toEqual({ a: 20, b: 20, unique: 5_000 });
});

test('a count is reported when the line is forgotten for newer ones', () => {
  const { limit, reports } = setup();
  for (let repeat = 0; repeat < 30; repeat += 1) limit.admit('old', 'old line');
  for (let index = 0; index < 100; index += 1) limit.admit(`newer ${index}`, '');
  expect(reports).toEqual([['old line', 10]]);
});

test('a clock that is set back does not silence a line', () => {
  const { clock, limit } = setup();
  for (let repeat = 0; repeat < 30; repeat += 1) limit.admit('key', 'line');
  clock.jump(-3_600_000);
  expect(limit.admit('key', 'line')).toBe(true);
});

test('very long lines are not kept in memory, and pass', () => {
  const { limit } = setup();
  const passed = Array.from({ length: 50 }, () => limit.admit('x'.repeat(5_000), '')).filter(Boolean);
  expect(passed).toHaveLength(50);
});
