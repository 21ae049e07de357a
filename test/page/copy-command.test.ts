import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { expectAccessible, noBrowser } from '../helpers/browser.js';
import { callApi, openView, tokenOf } from '../helpers/page.js';
import { startPageWorld } from '../helpers/page-world.js';
import { launcher, RealGateway, runProcess } from '../helpers/real-gateway.js';

interface Job {
  readonly id: string;
  readonly name: string;
  readonly message: string;
  readonly timeoutMs: number;
}

const jobsOf = async (gateway: RealGateway): Promise<readonly Job[]> => (await callApi<{ jobs: Job[] }>(gateway, 'GET /api/cron')).jobs;

/** What the dialog shows, run by a shell. */
async function runShown(gateway: RealGateway, page: Page, kind: 'curl' | 'xopc'): Promise<void> {
  const dialog = page.getByRole('dialog', { name: 'The action as a command' });
  const line = await dialog
    .locator('pre')
    .filter({ hasText: new RegExp(`^${kind}`) })
    .innerText();
  expect(line).not.toContain(tokenOf(gateway));
  const env = { ...gateway.env, XOPC_TOKEN: tokenOf(gateway) };
  const { code, stderr } = await runProcess(['bash'], ['-c', line.replaceAll(/^xopc /g, `'${launcher[0]}' `)], { env }).done;
  expect(code, stderr).toBe(0);
  await page.keyboard.press('Escape');
}

test.skipIf(noBrowser)('an action of any view is shown as a command instead of done, and the command does it', async () => {
  const gateway = await RealGateway.start();
  const made = await callApi<{ job: Job }>(gateway, 'POST /api/cron/create', {
    name: 'Old',
    schedule: 'every 1h',
    message: 'x',
    mode: 'agent',
  });
  // The view of the job asks for it once more when it is deleted.
  const page = await openView(gateway, `#/cron/${made.job.id}`, { allowedErrors: /404/ });
  await page.getByRole('heading', { name: 'Old' }).waitFor();
  await page.keyboard.press('y');
  await page.getByText('Your next action is shown as a command').waitFor();
  await page.getByRole('button', { name: 'Actions for Old' }).click();
  await page.getByRole('menuitem', { name: 'Delete' }).click();
  await page.getByRole('dialog', { name: 'The action as a command' }).waitFor();
  await expectAccessible(page);
  expect(await jobsOf(gateway)).toHaveLength(1);
  expect(page.url()).toContain(made.job.id);
  await runShown(gateway, page, 'curl');
  expect(await jobsOf(gateway)).toEqual([]);

  await page.setViewportSize({ width: 1_440, height: 900 });
  await page.goto(`${gateway.url}/#/cron/new`);
  await page.getByRole('button', { name: 'Copy an action as a command' }).click();
  await page.getByLabel('Name').fill("It's new");
  await page.getByLabel('When', { exact: true }).fill('0 9 * * *');
  await page.getByLabel('Task', { exact: true }).fill('Look "around" $HOME');
  await page.getByRole('button', { name: 'Create schedule' }).click();
  await runShown(gateway, page, 'xopc');
  const [job] = await jobsOf(gateway);
  expect(job).toMatchObject({ name: "It's new", message: 'Look "around" $HOME' });
  expect(job?.id).not.toBe(made.job.id);
});

test.skipIf(noBrowser)('a change of the configuration and a chat message are copied too; Escape ends it', async () => {
  const gateway = await RealGateway.start();
  const page = await openView(gateway, '#/config?section=logs');
  await page.getByLabel('logs.level').selectOption('debug');
  await page.getByRole('button', { name: 'Copy an action as a command' }).click();
  await page.getByRole('button', { name: 'Save' }).click();
  await runShown(gateway, page, 'xopc');
  expect((await callApi<{ config: unknown }>(gateway, 'GET /api/config')).config).toEqual({ logs: { level: 'debug' } });
  // The file has the change by now: there is nothing to save.
  await expect.poll(() => page.getByText('1 unsaved change').count()).toBe(0);

  await page.goto(`${gateway.url}/#/logs`);
  await page.getByRole('button', { name: 'Copy an action as a command' }).click();
  await page.getByRole('button', { name: 'Download', exact: true }).click();
  await page.getByRole('menuitem', { name: 'The whole log, gzipped' }).click();
  await page.getByText(`curl '${gateway.url}/api/logs/download'`).waitFor();
  await page.keyboard.press('Escape');

  await page.goto(`${gateway.url}/#/chat`);
  await page.getByText('No model yet').waitFor();
  await page.keyboard.press('Shift+Escape');
  await page.keyboard.type('/help');
  await page.keyboard.press('Control+k');
  await page.keyboard.type('as a command');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Send' }).click();
  await page.getByText('"message":"/help"').waitFor();
  await runShown(gateway, page, 'curl');
  await expect.poll(() => page.getByRole('textbox', { name: 'Message' }).inputValue()).toBe('/help');
  await page.getByRole('button', { name: 'Copy an action as a command' }).click();
  await page.getByText('Your next action is shown as a command').waitFor();
  await page.keyboard.press('Escape');
  await expect.poll(() => page.getByText('Your next action is shown as a command').count()).toBe(0);
});

test.skipIf(noBrowser)('an answer that is read meanwhile is not the next action', async () => {
  const { gateway, model, talk } = await startPageWorld();
  let goOn = (): void => undefined;
  const until = new Promise<void>((resolve) => (goOn = resolve));
  const session = await talk('Question');
  const page = await openView(gateway, `#/chat/${encodeURIComponent(session)}`);
  model.reply({ type: 'text', parts: ['First ', 'words'], gate: { before: 1, until } });
  await page.getByRole('textbox', { name: 'Message' }).fill('Another one');
  await page.keyboard.press('Enter');
  await page.getByText('First').waitFor();
  await page.getByRole('button', { name: 'Copy an action as a command' }).click();
  await page.getByText('Your next action is shown as a command').waitFor();
  const isRead = page.waitForResponse((response) => response.request().method() === 'PATCH');
  goOn();
  expect((await isRead).ok()).toBe(true);
  expect(await page.getByText('Your next action is shown as a command').count()).toBe(1);
  expect(await page.getByRole('dialog').count()).toBe(0);
});
