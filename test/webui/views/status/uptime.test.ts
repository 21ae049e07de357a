import { expect, test } from 'vitest';
import { DAY_MS } from '../../../../shared/clock.js';
import { uptimeOf } from '../../../../webui/src/views/status/uptime.js';

test.each([
  [{ crashes: 0, downMs: 0 }, '100%'],
  [{ crashes: 5, downMs: 0 }, '99.99%'],
  [{ crashes: 1, downMs: 90 }, '99.99%'],
  [{ crashes: 0, downMs: 60_000 }, '99.93%'],
  [{ crashes: 1, downMs: DAY_MS / 2 }, '50%'],
  [{ crashes: 1, downMs: DAY_MS }, '0%'],
])('the uptime of a day with %j is %s: never 100% after a crash', (day, uptime) => {
  expect(uptimeOf({ since: new Date(0).toISOString(), restarts: 0, ...day }, DAY_MS)).toBe(uptime);
});
