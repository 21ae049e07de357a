import { expect, test } from 'vitest';
import { type LifeEntry, pruneLife, summarizeLife } from '../../../../daemon/supervisor/state/life-summary.js';
import { DAY_MS } from '../../../../shared/clock.js';

const NOW = 100 * DAY_MS;
const MINUTE = 60_000;

/** An entry so many minutes ago. */
const ago = (minutes: number, type: LifeEntry['type'], more: Partial<LifeEntry> = {}): LifeEntry => {
  return { type, atMs: NOW - minutes * MINUTE, pid: 1, ...more };
};

function summary(...entries: LifeEntry[]) {
  const { last24Hours, crashesLastHour } = summarizeLife(entries, NOW);
  const { since, crashes, restarts, downMs } = last24Hours;
  return { sinceMin: (NOW - Date.parse(since)) / MINUTE, crashes, restarts, downMin: downMs / MINUTE, crashesLastHour };
}

test('crashes, restarts and the time without a worker are added up, from the first start on', () => {
  expect(summary()).toEqual({ sinceMin: 0, crashes: 0, restarts: 0, downMin: 0, crashesLastHour: 0 });
  const life = [ago(90, 'start'), ago(80, 'down'), ago(80, 'crash'), ago(78, 'up'), ago(50, 'restart'), ago(5, 'down'), ago(5, 'crash')];
  expect(summary(...life)).toEqual({ sinceMin: 90, crashes: 2, restarts: 1, downMin: 7, crashesLastHour: 1 });
});

test('what happened is listed, newest first', () => {
  const life = [ago(90, 'start'), ago(80, 'crash'), ago(70, 'restart'), ago(60, 'down'), ago(60, 'stop'), ago(50, 'start', { pid: 2 })];
  const { events } = summarizeLife(life, NOW).last24Hours;
  expect(events?.map(({ type }) => type)).toEqual(['start', 'stop', 'restart', 'crash', 'start']);
  expect(events?.at(-1)?.at).toBe(new Date(NOW - 90 * MINUTE).toISOString());
});

test('a stop is downtime and no crash; a supervisor that ends without one has crashed when it was last seen', () => {
  expect(summary(ago(90, 'start'), ago(80, 'down'), ago(80, 'stop'), ago(70, 'start', { pid: 2 }))).toMatchObject({
    crashes: 0,
    downMin: 10,
  });
  const killed = ago(70, 'start', { pid: 2, seenAtMs: NOW - 81 * MINUTE });
  expect(summary(ago(90, 'start'), killed)).toMatchObject({ crashes: 1, restarts: 0, downMin: 11 });
});

test('a succession is a restart without downtime, also where the service manager starts the next supervisor', () => {
  const taken = [ago(90, 'start'), ago(60, 'start', { pid: 2, isSuccessor: true }), ago(59, 'handover')];
  expect(summary(...taken)).toMatchObject({ crashes: 0, restarts: 1, downMin: 0 });
  const service = [ago(90, 'start'), ago(60, 'down'), ago(60, 'handover'), ago(59, 'start', { pid: 2 })];
  expect(summary(...service)).toMatchObject({ crashes: 0, restarts: 1, downMin: 1 });
});

test('what is older than a day does not count, and of it only the last state is kept', () => {
  const day = 24 * 60;
  const old = [ago(day + 30, 'start'), ago(day + 20, 'crash'), ago(day + 10, 'down'), ago(day - 10, 'up'), ago(5, 'crash')];
  expect(summary(...old)).toMatchObject({ sinceMin: day, crashes: 1, downMin: 10 });
  expect(pruneLife(old, NOW)).toEqual(old.slice(2));
  expect(summary(...pruneLife(old, NOW))).toMatchObject({ sinceMin: day, crashes: 1, downMin: 10 });
});
