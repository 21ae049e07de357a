/** Accounts of channels: adding one never replaces another. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { noBrowser } from '../helpers/browser.js';
import { callApi, openView } from '../helpers/page.js';
import { RealGateway } from '../helpers/real-gateway.js';
import { replaceFile } from '../helpers/replace-file.js';

const URL = 'http://127.0.0.1:9/';

test.skipIf(noBrowser)(
  'an account that the page has not heard of is not replaced; a change elsewhere in the file is no obstacle',
  async () => {
    const gateway = await RealGateway.start();
    const file = join(gateway.xopcHome, 'config.json');
    replaceFile(file, JSON.stringify({ channels: { webhook: { accounts: { hook: { url: URL } } } } }));
    const page = await openView(gateway, '#/chat', { allowedErrors: /503|412/ });
    await page.route(/\/api\/channels$/, (route) => route.fulfill({ status: 503, json: {} }));
    await page.goto(`${gateway.url}/#/channels`);
    await page.getByRole('button', { name: 'Add channel' }).click();
    const dialog = page.getByRole('dialog', { name: 'Add channel' });
    const save = dialog.getByRole('button', { name: 'Save' });
    const addresses = (): unknown => {
      const { channels } = JSON.parse(readFileSync(file, 'utf8')) as {
        channels: { webhook: { accounts: Record<string, { url: string }> } };
      };
      return Object.entries(channels.webhook.accounts).map(([name, { url }]) => [name, url]);
    };
    await dialog.getByLabel('Channel').selectOption('Webhook: messages over HTTP');
    await dialog.getByLabel('Account').fill('hook');
    await dialog.getByLabel('Address').fill(`${URL}mine`);
    await save.click();
    await dialog.getByRole('alert').getByText('This name is already in use.').waitFor();
    expect(addresses()).toEqual([['hook', URL]]);

    // Someone else changes the file between the page's read and its change.
    const changes: unknown[] = [];
    await page.route('**/api/config', async (route) => {
      const change = route.request().method() === 'PATCH' ? changes.pop() : undefined;
      if (change !== undefined) await callApi(gateway, 'PATCH /api/config', change);
      await route.continue();
    });
    await dialog.getByLabel('Account').fill('second');
    changes.push({ channels: { webhook: { accounts: { second: { url: `${URL}theirs` } } } } });
    await save.click();
    await dialog.getByRole('alert').getByText('This name is already in use.').waitFor();
    await dialog.getByLabel('Account').fill('third');
    changes.push({ logs: { level: 'debug' } });
    await save.click();
    await page.getByText('Webhook · third saved').waitFor();
    expect(addresses()).toEqual([
      ['hook', URL],
      ['second', `${URL}theirs`],
      ['third', `${URL}mine`],
    ]);
  },
);
