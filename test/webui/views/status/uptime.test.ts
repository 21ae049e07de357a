import { expect, test } from 'vitest';
import { outagesOf, uptimeOf } from '../../../../webui/src/views/status/uptime.js';

const part = (quarter: number, downMinutes: number, state: 'up' | 'partly' | 'down' | 'unknown' = downMinutes === 0 ? 'up' : 'partly') => ({
  at: new Date(quarter * 900_000).toISOString(),
  state,
  downMinutes,
});

test('uptime is that of what is known, and an outage never rounds up to none', () => {
  expect(uptimeOf({ stepMinutes: 15, buckets: [] })).toBeUndefined();
  expect(uptimeOf({ stepMinutes: 15, buckets: [part(0, 0, 'unknown')] })).toBeUndefined();
  expect(uptimeOf({ stepMinutes: 15, buckets: [part(0, 0, 'unknown'), part(1, 0)] })).toBe('100 %');
  expect(uptimeOf({ stepMinutes: 15, buckets: [part(0, 0), part(1, 15, 'down')] })).toBe('50.0 %');
  const many = Array.from({ length: 1_000 }, (_, index) => part(index, index === 7 ? 1 : 0));
  expect(uptimeOf({ stepMinutes: 15, buckets: many })).toBe('99.9 %');
});

test('parts in a row that were down are one outage', () => {
  const buckets = [part(0, 0), part(1, 5), part(2, 15, 'down'), part(3, 2), part(4, 0), part(5, 1)];
  expect(outagesOf({ buckets })).toEqual([
    { fromMs: 900_000, minutes: 22 },
    { fromMs: 4_500_000, minutes: 1 },
  ]);
});
