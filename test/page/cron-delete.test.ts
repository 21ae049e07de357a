/** A schedule is deleted on a slow connection, and brought back. */
import type { Route } from 'playwright-core';
import { expect, test } from 'vitest';
import { noBrowser } from '../helpers/browser.js';
import { callApi, openView } from '../helpers/page.js';
import { RealGateway, until } from '../helpers/real-gateway.js';

test.skipIf(noBrowser)('a job is shown until it is deleted, not until the next list, and again after undo', async () => {
  const gateway = await RealGateway.start();
  const body = { name: 'Goes', schedule: '0 * * * *', message: 'x', mode: 'agent' };
  const { job } = await callApi<{ job: { id: string } }>(gateway, 'POST /api/cron/create', body);
  const page = await openView(gateway, `#/cron/${job.id}`);
  const remove = async (): Promise<void> => {
    await page.getByRole('button', { name: 'Actions for Goes' }).click();
    await page.getByRole('menuitem', { name: 'Delete' }).click();
  };
  const held: Route[] = [];
  await page.route(`**/api/cron/${job.id}`, (route) => void held.push(route));
  await remove();
  await until('the deletion', () => held.length === 1);
  await page.getByRole('heading', { name: 'Goes' }).waitFor();
  // Nothing has happened yet, so it is tried again.
  await remove();
  const lists: Route[] = [];
  await page.route(/\/api\/cron(?:\?|$)/, (route) => void lists.push(route), { times: 1 });
  await held[0]?.continue();
  await page.getByText('No schedules yet').waitFor();
  await until('the next list', () => lists.length === 1);
  expect(held).toHaveLength(1);
  await page.getByRole('button', { name: 'Undo' }).click();
  await page.getByRole('table', { name: 'Schedules' }).getByRole('link', { name: 'Goes' }).waitFor();
});

test.skipIf(noBrowser)('a search typed in the table while a job is deleted stays', async () => {
  const gateway = await RealGateway.start();
  const create = (name: string) =>
    callApi<{ job: { id: string } }>(gateway, 'POST /api/cron/create', { name, schedule: '0 * * * *', message: 'x', mode: 'agent' });
  const { job } = await create('Goes');
  await create('Stays');
  const page = await openView(gateway, '#/cron?q=s');
  const held: Route[] = [];
  await page.route(`**/api/cron/${job.id}`, (route) => void held.push(route));
  await page.getByRole('button', { name: 'Actions for Goes' }).click();
  await page.getByRole('menuitem', { name: 'Delete' }).click();
  await until('the deletion', () => held.length === 1);
  await page.getByRole('searchbox').fill('stay');
  await held[0]?.continue();
  await page.getByRole('button', { name: 'Undo' }).waitFor();
  expect(await page.getByRole('searchbox').inputValue()).toBe('stay');
  expect(page.url()).toMatch(/#\/cron\?q=stay$/);
});
