/** Scheduled jobs of the real gateway under a wall clock that is set: daylight saving in three zones, a leap day, ±3 hours. */
import { expect, test } from 'vitest';
import { type CronGateway, startCronGateway } from '../helpers/cron-kills.js';
import { FakeWallClock, installFaketime } from '../helpers/faketime.js';
import { until } from '../helpers/real-gateway.js';

const missing = installFaketime();
const HOUR = 3_600_000;

const at = (text: string): number => Date.parse(text);

/** A job of any minute keeps the scheduler looking each second, as a busy gateway does. */
async function startUnder(clock: FakeWallClock): Promise<CronGateway> {
  const cron = await startCronGateway({}, { cron: { historyRetentionDays: 3_650 } }, clock.env);
  await cron.call('POST', '/api/cron/create', { schedule: 'every 1s', message: 'tick', channel: 'webchat', chat_id: 'tick' });
  return cron;
}

async function make(cron: CronGateway, schedule: string, timezone: string): Promise<string> {
  const body = { schedule, timezone, message: schedule, graceMs: 60_000, channel: 'webchat', chat_id: 'clock' };
  return (await cron.call<{ job: { id: string } }>('POST', '/api/cron/create', body)).job.id;
}

/** The instants of what was done, oldest first. @throws when one began before its time */
async function doneOf(cron: CronGateway, id: string): Promise<string[]> {
  const done = (await cron.runs(id)).filter(({ state }) => state === 'done');
  for (const { scheduledAt, startedAt } of done) expect(at(startedAt ?? '')).toBeGreaterThanOrEqual(at(scheduledAt));
  return done.map(({ scheduledAt }) => scheduledAt.slice(0, 16)).toReversed();
}

test('each occurrence comes once through both changes of the clocks in three zones, and on a leap day', async ({ skip }) => {
  skip(missing !== undefined, missing);
  const clock = new FakeWallClock();
  clock.set(at('2026-03-07T12:00:00Z'));
  const cron = await startUnder(clock);
  const berlin = await make(cron, '30 2 * * *', 'Europe/Berlin');
  const newYork = await make(cron, '30 2 * * *', 'America/New_York');
  const early = await make(cron, '30 1 * * *', 'America/New_York');
  const sydney = await make(cron, '30 2 * * *', 'Australia/Sydney');
  const leap = await make(cron, '0 0 29 2 *', 'UTC');
  const far = await make(cron, 'at 2026-04-06T12:00:00Z', 'UTC');
  const passes: [string, string, string][] = [
    // The skipped hour: right behind it. The repeated one: at the first, and not again.
    [newYork, '2026-03-08T07:00', 'done'],
    [berlin, '2026-03-29T01:00', 'done'],
    [sydney, '2026-04-04T15:30', 'done'],
    [sydney, '2026-04-04T16:30', 'nothing'],
    [far, '2026-04-06T12:00', 'done'],
    [sydney, '2026-10-03T16:00', 'done'],
    [berlin, '2026-10-25T00:30', 'done'],
    [berlin, '2026-10-25T01:30', 'nothing'],
    [early, '2026-11-01T05:30', 'done'],
    [early, '2026-11-01T06:30', 'nothing'],
    [leap, '2028-02-29T00:00', 'done'],
  ];
  const expected = new Map<string, string[]>([berlin, newYork, early, sydney, leap, far].map((id) => [id, []]));
  for (const [id, instant, what] of passes) {
    const instantMs = at(`${instant}:00Z`);
    // A restart within the repeated hour.
    if (what === 'nothing') expect((await cron.gateway.xopc('gateway', 'restart')).code).toBe(0);
    clock.set(instantMs - 1_200);
    await until('the instant', () => clock.now() > instantMs + 500);
    if (what === 'done') expected.get(id)?.push(instant);
    await until(`${instant} to be handled`, async () => (await doneOf(cron, id)).length >= (expected.get(id)?.length ?? 0));
  }
  for (const [id, instants] of expected) expect(await doneOf(cron, id)).toEqual(instants);
});

test('a clock that is set 3 hours forward and back brings no occurrence twice and none early', async ({ skip }) => {
  skip(missing !== undefined, missing);
  const clock = new FakeWallClock();
  clock.set(at('2026-05-01T09:30:00Z'));
  const cron = await startUnder(clock);
  const hourly = await make(cron, '0 * * * *', 'UTC');
  clock.set(at('2026-05-01T09:59:58Z'));
  const isDone = (count: number) => until(`${count} runs`, async () => (await doneOf(cron, hourly)).length === count);
  await isDone(1);
  clock.set(clock.now() + 3 * HOUR);
  await isDone(2);
  clock.set(clock.now() - 3 * HOUR);
  for (const hour of [11, 12, 13, 14]) {
    clock.set(at(`2026-05-01T${hour}:00:00Z`) - 1_200);
    await until('the instant', () => clock.now() > at(`2026-05-01T${hour}:00:00.500Z`));
  }
  await isDone(5);
  expect(await doneOf(cron, hourly)).toEqual(['10', '13', '11', '12', '14'].map((hour) => `2026-05-01T${hour}:00`));
});
