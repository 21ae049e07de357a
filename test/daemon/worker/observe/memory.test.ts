import { expect, test, vi } from 'vitest';
import { ownRssBytes } from '../../../../daemon/worker/observe/memory.js';

test('is the resident set size', () => {
  expect(ownRssBytes()).toBeGreaterThan(10_000_000);
});

test('is the largest so far when no file can be opened', () => {
  vi.spyOn(process.memoryUsage, 'rss').mockImplementation(() => {
    throw Object.assign(new Error('EMFILE: too many open files, uv_resident_set_memory'), { code: 'EMFILE' });
  });
  expect(ownRssBytes()).toBe(process.resourceUsage().maxRSS * 1_024);
});
