/** Actions whose answer is lost after the gateway has done them, and which a person then tries again. */
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { unauthorized } from '../fakes/openai/reply.js';
import { noBrowser } from '../helpers/browser.js';
import { callApi, openView } from '../helpers/page.js';
import { startPageWorld } from '../helpers/page-world.js';
import { RealGateway } from '../helpers/real-gateway.js';
import { replaceFile } from '../helpers/replace-file.js';

/** The gateway answers the next such call, but the page does not get the answer. */
async function loseAnswer(page: Page, path: string): Promise<void> {
  const lose = async (route: Parameters<Parameters<Page['route']>[1]>[0]): Promise<void> => {
    await route.fetch();
    await route.abort();
  };
  await page.route(path, lose, { times: 1 });
}

test.skipIf(noBrowser)('what is tried again after its answer was lost is done once: a run of a job and a test message', async () => {
  const gateway = await RealGateway.start();
  const accounts = { hook: { url: 'http://127.0.0.1:9/' } };
  replaceFile(join(gateway.xopcHome, 'config.json'), JSON.stringify({ channels: { webhook: { accounts } } }));
  const body = { name: 'Costly', schedule: '0 0 1 1 *', message: 'x', mode: 'agent' };
  const { job } = await callApi<{ job: { id: string } }>(gateway, 'POST /api/cron/create', body);
  const page = await openView(gateway, `#/cron/${job.id}`, { allowedErrors: /ERR_FAILED/ });
  const runs = async (): Promise<number> => (await callApi<{ runs: unknown[] }>(gateway, `GET /api/cron/${job.id}/runs`)).runs.length;
  const run = page.getByRole('dialog', { name: 'Run of Costly' });
  const runNow = page.getByRole('button', { name: 'Run now' });
  await loseAnswer(page, '**/api/cron/trigger');
  await runNow.click();
  await page.getByText('The gateway does not answer.').first().waitFor();
  expect(await runs()).toBe(1);
  await runNow.click();
  await run.getByText('Done').waitFor();
  expect(await runs()).toBe(1);
  // With its answer there, the next one is another run.
  await run.getByRole('button', { name: 'Close' }).click();
  await runNow.click();
  await run.getByText('Done').waitFor();
  expect(await runs()).toBe(2);

  await page.goto(`${gateway.url}/#/channels`);
  await page.getByRole('button', { name: 'Test Webhook · hook' }).click();
  const dialog = page.getByRole('dialog');
  const send = dialog.getByRole('button', { name: 'Send', exact: true });
  const messages = async (): Promise<number> => (await callApi<{ messages: unknown[] }>(gateway, 'GET /api/messages')).messages.length;
  await loseAnswer(page, '**/api/message');
  await send.click();
  await dialog.getByRole('alert').waitFor();
  expect(await messages()).toBe(1);
  await send.click();
  await dialog.locator('.test-outcome').waitFor();
  expect(await messages()).toBe(1);
  const sent = page.waitForResponse('**/api/message');
  await send.click();
  await sent;
  expect(await messages()).toBe(2);
});

test.skipIf(noBrowser)(
  'a failing job that Status starts again after a lost answer runs once, and its run can be opened',
  { tags: ['long'] },
  async () => {
    const { gateway, model } = await startPageWorld();
    model.replyAlways(unauthorized());
    const body = { name: 'Report', schedule: '0 0 1 1 *', message: 'x', mode: 'agent', retries: 0 };
    const { job } = await callApi<{ job: { id: string } }>(gateway, 'POST /api/cron/create', body);
    const states = async (): Promise<readonly string[]> =>
      (await callApi<{ runs: { state: string }[] }>(gateway, `GET /api/cron/${job.id}/runs`)).runs.map(({ state }) => state);
    await callApi(gateway, 'POST /api/cron/trigger', { job_id: job.id });
    await expect.poll(states).toEqual(['failed']);
    const page = await openView(gateway, '#/status', { allowedErrors: /ERR_FAILED/ });
    const runNow = page.getByRole('button', { name: 'Run now Report fails' });
    await loseAnswer(page, '**/api/cron/trigger');
    await runNow.click();
    await page.getByText('The gateway does not answer.').first().waitFor();
    await expect.poll(states).toEqual(['failed', 'failed']);
    await runNow.click();
    await page.getByRole('button', { name: 'Open run' }).click();
    await page.getByRole('dialog', { name: 'Run of Report' }).getByText('Failed').first().waitFor();
    expect(await states()).toEqual(['failed', 'failed']);
  },
);

test.skipIf(noBrowser)('a schedule that counts from now is created once, also when its form is saved again after a reload', async () => {
  const gateway = await RealGateway.start();
  const page = await openView(gateway, '#/cron/new', { allowedErrors: /ERR_FAILED|409/ });
  const names = async (): Promise<string[]> =>
    (await callApi<{ jobs: { name: string }[] }>(gateway, 'GET /api/cron')).jobs.map(({ name }) => name).toSorted();
  const create = page.getByRole('button', { name: 'Create schedule' });
  const expected: string[] = [];
  for (const name of ['At once', 'Later']) {
    await page.goto(`${gateway.url}/#/cron/new`);
    await page.getByLabel('When', { exact: true }).fill('in 2 hours');
    await page.getByLabel('Task', { exact: true }).fill('Remind me');
    await page.getByLabel('Name').fill(name);
    await loseAnswer(page, '**/api/cron/create');
    await create.click();
    await page.getByText('The gateway does not answer.').first().waitFor();
    expected.push(name);
    expect(await names()).toEqual(expected);
    // The same words describe another time by then.
    await page.clock.setFixedTime(Date.now() + expected.length * 60_000);
    if (name === 'Later') await page.reload();
    await create.click();
    await page.getByRole('heading', { name }).waitFor();
    expect(await names()).toEqual(expected);
  }
  // What is refused is no creation: the next attempt counts from then.
  await page.goto(`${gateway.url}/#/cron/new`);
  await page.getByLabel('When', { exact: true }).fill('in 2 hours');
  await page.getByLabel('Task', { exact: true }).fill('Remind me');
  const refuse = { status: 409, json: { error: { code: 'CONFLICT', message: 'there are 1000 scheduled jobs' } } };
  await page.route('**/api/cron/create', (route) => route.fulfill(refuse), { times: 1 });
  const schedules: unknown[] = [];
  page.on('request', (request) => {
    if (request.url().endsWith('/create')) schedules.push((request.postDataJSON() as { schedule: unknown }).schedule);
  });
  await create.click();
  await page.getByText('there are 1000 scheduled jobs').waitFor();
  await page.clock.setFixedTime(Date.now() + 600_000);
  await create.click();
  await page.getByRole('heading', { name: 'Remind me' }).waitFor();
  expect(new Set(schedules).size).toBe(2);
});
