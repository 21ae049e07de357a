import { expect, test } from 'vitest';
import { previewSchedule, wordsOf } from '../../../../daemon/worker/cron/preview.js';
import { firstInstant, parseSchedule, type Schedule, timesFrom } from '../../../../daemon/worker/cron/schedule.js';
import { toZonedIso } from '../../../../daemon/worker/cron/time-zone.js';
import * as cronWords from '../../../../daemon/worker/lazy/late.js';
import type { ActiveHours } from '../../../../shared/text/active-hours.js';
import { makeCron } from '../../../helpers/cron-fixture.js';
import { FakeClock } from '../../../helpers/fake-clock.js';
import { makeConversation } from '../../../helpers/make-conversation.js';

const HOUR = 3_600_000;
const at = (text: string): number => Date.parse(text);

function limited(schedule: string, hours: ActiveHours | null, timezone = 'UTC'): Schedule {
  return parseSchedule({ schedule, timezone, anchorMs: at('2026-01-01T00:00:00Z'), activeHours: hours });
}

function listFrom(schedule: Schedule, after: string, count: number): number[] {
  const times: number[] = [];
  for (let ms = schedule.next(at(after)); ms !== null && times.length < count; ms = schedule.next(ms)) times.push(ms);
  return times;
}

test.each<[string, ActiveHours, string, string, string[]]>([
  // A Friday.
  ['0 * * * *', { from: '08:00', to: '10:00' }, 'UTC', '2026-01-02T09:30:00Z', ['2026-01-03T08', '2026-01-03T09', '2026-01-04T08']],
  ['0 * * * *', { from: '08:00', to: '10:00', days: [1, 5] }, 'UTC', '2026-01-02T08:30:00Z', ['2026-01-02T09', '2026-01-05T08']],
  // Over midnight: the day is the one on which it begins.
  [
    '0 */2 * * *',
    { from: '22:00', to: '03:00', days: [5] },
    'UTC',
    '2026-01-02T12:00:00Z',
    ['2026-01-02T22', '2026-01-03T00', '2026-01-03T02', '2026-01-09T22'],
  ],
  [
    '0 12 * * *',
    { from: '00:00', to: '00:00', days: [6, 7] },
    'UTC',
    '2026-01-01T00:00:00Z',
    ['2026-01-03T12', '2026-01-04T12', '2026-01-10T12'],
  ],
  ['every 5h', { from: '08:00', to: '12:00' }, 'Europe/Berlin', '2026-01-01T00:00:00Z', ['2026-01-01T10', '2026-01-03T07']],
  // The clocks go forward, and back: the hours are those on the wall.
  [
    '0 * * * *',
    { from: '08:00', to: '09:00' },
    'Europe/Berlin',
    '2026-03-28T00:00:00Z',
    ['2026-03-28T07', '2026-03-29T06', '2026-03-30T06'],
  ],
  [
    '0 * * * *',
    { from: '02:00', to: '03:00' },
    'Europe/Berlin',
    '2026-10-24T12:00:00Z',
    ['2026-10-25T00', '2026-10-25T01', '2026-10-26T01'],
  ],
  ['0 * * * *', { from: '02:00', to: '03:00' }, 'Europe/Berlin', '2026-03-28T12:00:00Z', ['2026-03-30T00', '2026-03-31T00']],
])('%s within %j in %s', (...[text, hours, zone, after, expected]) => {
  const found = listFrom(limited(text, hours, zone), after, expected.length);
  expect(found.map((ms) => new Date(ms).toISOString().slice(0, 13))).toEqual(expected);
});

test('what is left is exactly what falls into the hours, forwards and backwards, also where clocks change', async () => {
  const spans: [string, string][] = [
    ['2026-03-28T12:00:00Z', '2026-03-30T00:00:00Z'],
    ['2026-10-24T12:00:00Z', '2026-10-26T00:00:00Z'],
    ['2026-04-04T00:00:00Z', '2026-04-05T12:00:00Z'],
  ];
  const allHours: ActiveHours[] = [
    { from: '01:30', to: '03:15' },
    { from: '23:10', to: '02:20', days: [6, 7] },
    { from: '12:00', to: '12:00', days: [1, 7] },
  ];
  for (const zone of ['Europe/Berlin', 'Australia/Lord_Howe'])
    for (const hours of allHours)
      for (const [from, until] of spans) {
        const always = limited('every 25m', null, zone);
        const schedule = limited('every 25m', hours, zone);
        const inside = (ms: number): boolean => isInside(toZonedIso(zone, ms), hours);
        const wanted = listFrom(always, from, 150).filter((ms) => ms < at(until) && inside(ms));
        expect(listFrom(schedule, from, 150).filter((ms) => ms < at(until))).toEqual(wanted);
        const found: number[] = [];
        for await (const ms of timesFrom(schedule, { afterMs: at(from), untilMs: at(until) - 1 })) found.push(ms);
        expect(found).toEqual(wanted);
        for (const [index, ms] of wanted.entries()) {
          expect(schedule.last(at(from) + 1, ms)).toBe(ms);
          expect(schedule.last(at(from) + 1, ms - 1)).toBe(wanted[index - 1] ?? null);
        }
      }
});

/** @param local  a time with its zone's offset */
function isInside(local: string, { from, to, days = [1, 2, 3, 4, 5, 6, 7] }: ActiveHours): boolean {
  const time = local.slice(11, 16);
  const today = new Date(`${local.slice(0, 10)}T00:00:00Z`).getUTCDay() || 7;
  const yesterday = today === 1 ? 7 : today - 1;
  if (from < to) return time >= from && time < to && days.includes(today);
  return (time >= from && days.includes(today)) || (time < to && days.includes(yesterday));
}

test('a schedule that never fires in its hours is refused, and says so; one that seldom does is found quickly', async () => {
  const source = { schedule: '0 3 * * *', timezone: 'UTC', anchorMs: 0, activeHours: { from: '08:00', to: '22:00' } };
  const nowMs = at('2026-01-01T00:00:00Z');
  expect(() => firstInstant(parseSchedule(source), source, nowMs)).toThrow("schedule '0 3 * * *' never fires in its active hours");
  const options = { nowMs, count: 2, loadWords: () => cronWords };
  expect(await previewSchedule(source, options)).toMatchObject({ warningCode: 'never-active', runs: [] });
  const once = { ...source, schedule: 'at 2026-05-01T23:00' };
  expect(() => firstInstant(parseSchedule(once), once, nowMs)).toThrow('never fires in its active hours');
  expect(() => firstInstant(parseSchedule({ ...once, schedule: '0 0 30 2 *' }), { ...once, schedule: '0 0 30 2 *' }, nowMs)).toThrow(
    / never fires$/,
  );
  const second = limited('* * * * * *', { from: '03:00', to: '03:01', days: [7] });
  expect(second.next(nowMs)).toBe(at('2026-01-04T03:00:00Z'));
  expect(second.last(nowMs, at('2026-03-07T00:00:00Z'))).toBe(at('2026-03-01T03:00:59Z'));
  expect(limited('0 9 29 2 *', { from: '08:00', to: '22:00', days: [1] }).next(nowMs)).toBe(at('2044-02-29T09:00:00Z'));
});

test('the hours are part of the words', () => {
  const words = (activeHours: ActiveHours) => wordsOf({ schedule: 'every 1h', activeHours }, () => cronWords);
  expect(words({ from: '08:00', to: '22:00', days: [1, 2] })).toEqual({
    en: 'Every hour, only 08:00–22:00, Mon, Tue',
    zh: '每 1 小时，仅限 周一、周二 08:00–22:00',
  });
  expect(words({ from: '00:00', to: '00:00', days: [7] }).en).toBe('Every hour, only Sun');
});

test('occurrences outside of the hours are skipped, and one that is late does not run outside of them', async () => {
  const cron = await makeCron({ nowMs: at('2026-01-01T08:30:00Z') });
  await cron.addJob('job', { schedule: '0 * * * *', activeHours: { from: '08:00', to: '10:30' } });
  await cron.start();
  await cron.pass(26 * HOUR, HOUR / 2);
  expect(cron.began).toEqual([
    'job 2026-01-01T09:00:00.000Z',
    'job 2026-01-01T10:00:00.000Z',
    'job 2026-01-02T08:00:00.000Z',
    'job 2026-01-02T09:00:00.000Z',
    'job 2026-01-02T10:00:00.000Z',
  ]);
  // The gateway was down from ten to eleven.
  const late = await makeCron({ nowMs: at('2026-01-01T08:30:00Z') });
  await late.addJob('job', { schedule: '0 10 * * *', activeHours: { from: '08:00', to: '10:30' } });
  late.clock.advance(2.5 * HOUR);
  await late.start();
  await late.settle();
  expect(late.began).toEqual([]);
  expect(await late.runs('job')).toMatchObject([{ state: 'missed', scheduledAtMs: at('2026-01-01T10:00:00Z') }]);
});

test('hours are set, changed and emptied; the next run is the next one inside, and a preview takes those of the job or others', async () => {
  const clock = new FakeClock(at('2026-01-02T20:30:00Z'));
  const { cron } = await makeConversation({ clock, isActive: false });
  const common = { message: 'x', channel: 'webchat', chat_id: 'me', timezone: 'UTC' };
  const activeHours = { from: '08:00', to: '22:00', days: [1, 2, 3, 4, 5] };
  const job = await cron.create({ ...common, schedule: '0 */2 * * *', activeHours });
  expect(job).toMatchObject({ activeHours, nextRunAt: '2026-01-05T08:00:00.000Z', graceMs: 3_600_000 });
  const times = async (query: object): Promise<string[]> =>
    (await cron.preview({ job_id: job.id, count: 2, ...query })).runs.map((run) => run.at.slice(0, 13));
  expect(await times({})).toEqual(['2026-01-05T08', '2026-01-05T10']);
  expect(await times({ active: 'none' })).toEqual(['2026-01-02T22', '2026-01-03T00']);
  expect(await times({ active: '23:00-03:00', days: 'sat' })).toEqual(['2026-01-04T00', '2026-01-04T02']);
  await expect(times({ days: 'everyday' })).rejects.toMatchObject({ code: 'INVALID_REQUEST', details: { field: 'active' } });
  expect((await cron.plan(72)).jobs[0]?.runs[0]).toBe('2026-01-05T08:00:00.000Z');
  expect((await cron.list({ include: ['words'] }))[0]?.words?.en).toContain('only 08:00–22:00, Mon');
  expect(await cron.update(job.id, { name: 'y' })).toMatchObject({ activeHours, nextRunAt: '2026-01-05T08:00:00.000Z' });
  await expect(cron.update(job.id, { schedule: '0 3 * * *' })).rejects.toThrow('never fires in its active hours');
  expect(await cron.update(job.id, { activeHours: null })).toMatchObject({ activeHours: null, nextRunAt: '2026-01-02T22:00:00.000Z' });
});
