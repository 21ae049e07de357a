import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { expectAccessible, noBrowser } from '../helpers/browser.js';
import { failOnce, untilInForce } from '../helpers/job-runs.js';
import { callApi, openView } from '../helpers/page.js';
import { RealGateway } from '../helpers/real-gateway.js';

interface Job {
  readonly id: string;
  readonly name: string;
  readonly schedule: string;
  readonly alertChannel: string | null;
}

const jobsOf = async (gateway: RealGateway): Promise<readonly Job[]> => (await callApi<{ jobs: Job[] }>(gateway, 'GET /api/cron')).jobs;

test.skipIf(noBrowser)('a schedule is said in words, as an interval or once, and failures are told elsewhere', async () => {
  const gateway = await RealGateway.start();
  const page = await openView(gateway, '#/cron/new', { allowedErrors: /400/ });
  const schedule = page.getByLabel('Schedule', { exact: true });
  await page.getByLabel('In words').fill('every blue moon');
  await page.getByText(/^Not understood/).waitFor();
  await page.getByLabel('In words').fill('every monday at 9:30');
  await expect.poll(() => schedule.inputValue()).toBe('30 9 * * 1');
  await page.getByText('At 09:30, only on Monday').waitFor();
  await page.getByLabel('How many').fill('45');
  await expect.poll(() => schedule.inputValue()).toBe('every 45m');
  await page.getByLabel('Unit of the interval').selectOption('hours');
  await expect.poll(() => schedule.inputValue()).toBe('every 45h');
  await page.getByLabel('Once, at').fill('2031-01-02T03:04');
  await expect.poll(() => schedule.inputValue()).toBe('at 2031-01-02T03:04');
  await page.getByLabel('Message').fill('Look after the boat');
  await page.getByText('Long, missed and failed runs').click();
  await page.getByText('This schedule has no chat: choose where alerts are sent.').waitFor();
  await page.getByLabel('Send alerts to').selectOption('webchat/default');
  await page.getByLabel('Chat id for alerts').fill('ops');
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Create schedule' }).click();
  await page.getByText('After 3 failures in a row, an alert goes to webchat ops.').waitFor();
  await page.getByText('If a run is still going, the next one is skipped.').waitFor();
  expect(await jobsOf(gateway)).toMatchObject([{ schedule: 'at 2031-01-02T03:04', alertChannel: 'webchat' }]);
});

test.skipIf(noBrowser)(
  'the next day of all jobs is seen, a failed run is found, tried once more, and leads to its log and conversation',
  async () => {
    const gateway = await RealGateway.create();
    mkdirSync(gateway.xopcHome, { recursive: true });
    const configure = (agents: object[]): void =>
      writeFileSync(join(gateway.xopcHome, 'config.json'), JSON.stringify({ agents: { list: [{ id: 'main' }, ...agents] } }));
    configure([{ id: 'other' }]);
    await gateway.run();
    const body = { name: 'Report', schedule: '*/20 * * * *', message: 'hello', mode: 'agent', agentId: 'other', retries: 0 };
    const { job } = await callApi<{ job: Job }>(gateway, 'POST /api/cron/create', body);
    configure([]);
    await untilInForce(gateway);
    await failOnce(gateway, job.id);
    configure([{ id: 'other' }]);
    await untilInForce(gateway);
    const page = await openView(gateway, '#/cron');
    await page.getByRole('img', { name: /^more than 50 runs, the next at/ }).waitFor();
    await expectAccessible(page);
    await page.setViewportSize({ width: 1_440, height: 900 });
    await page.getByRole('list', { name: 'Schedules' }).getByRole('link', { name: 'Report' }).click();
    await page.getByRole('button', { name: 'Only failed' }).click();
    await expect.poll(() => page.url()).toContain('failed=1');
    await page.getByRole('button', { name: 'Try again' }).first().click();
    await page.getByText('Report runs again').waitFor();
    await page.getByRole('button', { name: 'All runs' }).click();
    await page.getByRole('cell', { name: /^Done/ }).first().waitFor();
    await page.getByText('attempt 2').waitFor();
    await page.getByRole('link', { name: 'Log lines' }).first().click();
    await page.getByText('scheduled turn done').waitFor();
    await page.getByText('a turn has ended').waitFor();
    await page.goBack();
    await page.getByRole('link', { name: 'Conversation' }).first().click();
    await expect.poll(() => page.url()).toContain('#/chat/');
  },
);
