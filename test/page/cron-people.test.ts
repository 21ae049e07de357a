import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { expectAccessible, noBrowser } from '../helpers/browser.js';
import { failOnce, untilInForce } from '../helpers/job-runs.js';
import { callApi, openView } from '../helpers/page.js';
import { RealGateway } from '../helpers/real-gateway.js';
import { replaceFile } from '../helpers/replace-file.js';

interface Job {
  readonly id: string;
  readonly name: string;
  readonly schedule: string;
  readonly alertChannel: string | null;
}

const jobsOf = async (gateway: RealGateway): Promise<readonly Job[]> => (await callApi<{ jobs: Job[] }>(gateway, 'GET /api/cron')).jobs;

test.skipIf(noBrowser)(
  'a schedule is said in words, as an interval or once, and failures are told elsewhere',
  { tags: ['long'] },
  async () => {
    const gateway = await RealGateway.start();
    const page = await openView(gateway, '#/cron/new', { allowedErrors: /400/ });
    const when = page.getByLabel('When', { exact: true });
    const shown = page.locator('.schedule-words');
    await when.fill('every blue moon');
    await page.getByText(/^Not understood/).waitFor();
    for (const [said, meant] of [
      ['every monday at 9:30', 'At 09:30, only on Monday'],
      ['every 45 minutes', 'Every 45 minutes'],
      ['in 2 days', /^Once, at /],
      ['at 2031-01-02T03:04', 'Once, at 2031-01-02 03:04'],
    ] as const) {
      await when.fill(said);
      await shown.filter({ hasText: meant }).waitFor();
    }
    await page.getByLabel('Task', { exact: true }).fill('Look after the boat');
    await page.getByText('Advanced').click();
    await page.getByText('This schedule has no chat: choose where alerts are sent.').waitFor();
    await page.getByLabel('Send alerts to').selectOption('webchat/default');
    await page.getByRole('button', { name: 'Create schedule' }).click();
    await page.getByText('Enter the id of the chat.').waitFor();
    await page.getByLabel('Chat id for alerts').fill('ops');
    await when.fill('every day at 9:30');
    await page.getByLabel('Only from').fill('08:00');
    await page.getByLabel('Until').fill('09:00');
    await page.getByText('This schedule never fires in these hours').waitFor();
    await page.getByLabel('Until').fill('22:00');
    await page.getByLabel('Sat', { exact: true }).check();
    await shown.filter({ hasText: 'At 09:30, only 08:00–22:00, Sat' }).waitFor();
    await page.getByLabel('Limit per day (US dollars)').fill('0.5');
    await page.getByLabel('Time zone').fill('Mars/Olympus');
    await page
      .getByText(/invalid timezone/i)
      .first()
      .waitFor();
    await page.getByLabel('Time zone').fill('UTC');
    await expectAccessible(page);
    await page.getByRole('button', { name: 'Create schedule' }).click();
    await page.getByText('Overlaps, failures and alerts').click();
    await page.getByText('After 3 failures in a row, to Web chat · ops').waitFor();
    await page.getByText('Skip this one').waitFor();
    expect(await jobsOf(gateway)).toMatchObject([
      { schedule: '30 9 * * *', activeHours: { from: '08:00', to: '22:00', days: [6] }, dailyUsd: 0.5, alertChannel: 'webchat' },
    ]);
  },
);

test.skipIf(noBrowser)(
  'the next day of all jobs is seen, a failed run is found, tried once more, and leads to its log and conversation',
  async () => {
    const gateway = await RealGateway.create();
    mkdirSync(gateway.xopcHome, { recursive: true });
    const configure = (agents: object[]): void =>
      replaceFile(join(gateway.xopcHome, 'config.json'), JSON.stringify({ agents: { list: [{ id: 'main' }, ...agents] } }));
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
    await page.getByText('The next 24 hours').click();
    await page.getByRole('img', { name: /^more than 50 runs, the next at/ }).waitFor();
    await page.getByText('More runs').waitFor();
    await expectAccessible(page);
    await page.setViewportSize({ width: 1_440, height: 900 });
    await page.getByRole('table', { name: 'Schedules' }).getByRole('link', { name: 'Report' }).click();
    await page.getByRole('radio', { name: 'Failed' }).check();
    await expect.poll(() => page.url()).toContain('failed=1');
    await page.getByRole('cell', { name: 'Failed' }).getByRole('link').first().click();
    const run = page.getByRole('dialog', { name: 'Run of Report' });
    await run.getByText('Error', { exact: true }).waitFor();
    await expectAccessible(page);
    await run.getByRole('button', { name: 'Try again' }).click();
    await run.getByText('attempt 2').waitFor();
    await run.getByText('Done').waitFor();
    await run.getByRole('link', { name: 'Logs' }).click();
    await page.getByText('scheduled turn done').waitFor();
    await page.getByText('a turn has ended').waitFor();
    await page.goBack();
    await run.getByRole('link', { name: 'Conversation' }).click();
    await expect.poll(() => page.url()).toContain('#/chat/');
  },
);
