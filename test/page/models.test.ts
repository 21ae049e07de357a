import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { expectAccessible, noBrowser } from '../helpers/browser.js';
import { callApi, openView } from '../helpers/page.js';
import { RealGateway, until } from '../helpers/real-gateway.js';

/** A server of models that wants a key, under /v1 only. */
async function serveModels(): Promise<string> {
  const server = createServer((request, response) => {
    const isKnown = request.headers.authorization === 'Bearer sk-right-key-1234567';
    const status = request.url !== '/v1/models' ? 404 : isKnown ? 200 : 401;
    response.writeHead(status, { 'Content-Type': 'application/json' });
    response.end(status === 200 ? '{"data":[{"id":"small"},{"id":"large"}]}' : '{"error":{"message":"no"}}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test.skipIf(noBrowser)(
  'a provider is chosen, tested by itself until it works, used, made the default, and removed',
  { tags: ['long'] },
  async () => {
    const gateway = await RealGateway.start();
    const url = await serveModels();
    const page = await openView(gateway, '#/models?add=1');
    await page.getByRole('searchbox', { name: 'Search, or paste a base URL' }).fill('groq');
    await expect.poll(() => page.getByRole('dialog').getByRole('listitem').count()).toBe(2);
    // A test ends with the key that it was for.
    await page.getByRole('dialog').getByRole('listitem').first().getByRole('button').click();
    await page.route('**/api/providers/test', () => undefined);
    await page.getByLabel('API key').fill('sk-not-whole');
    await page.getByText('Testing …').waitFor();
    await page.getByLabel('API key').fill('');
    await page.getByText('Testing …').waitFor({ state: 'detached' });
    await page.unroute('**/api/providers/test');
    await page.getByRole('button', { name: 'All providers' }).click();
    await page.getByRole('button', { name: 'Another server' }).click();
    await page.getByLabel('Base URL').fill(`${url}/api`);
    await page.getByText('Wrong address').waitFor();
    await page.getByLabel('API key').fill('sk-right-key-1234567');
    await page.getByRole('button', { name: `Use ${url}/v1` }).click();
    await page.getByText('small, large').waitFor();
    await expectAccessible(page);
    await page.setViewportSize({ width: 1_440, height: 900 });
    await page.getByText('More', { exact: true }).last().click();
    await page.getByLabel('Name').fill('home');
    await page.getByRole('button', { name: 'Use it' }).click();
    await page.getByText('home was saved').waitFor();
    await expect.poll(() => page.url()).not.toContain('add=');

    await page.getByRole('button', { name: 'Make default home/large' }).click();
    await page.getByText('Models: home/large').waitFor();
    // Under the pointer, a notice stays.
    const undo = page.getByRole('button', { name: 'Undo' });
    await undo.hover();
    await page.getByRole('list', { name: 'Default models' }).getByText('home/large').waitFor();
    await expect
      .poll(() => callApi<{ config: unknown }>(gateway, 'GET /api/config'))
      .toMatchObject({ config: { agents: { defaults: { model: 'home/large' } } } });
    await undo.click();
    await until('no default', async () => !JSON.stringify(await callApi(gateway, 'GET /api/config')).includes('"model":"home/large"'));

    // The default so far becomes the first fallback, with the button as in the menu.
    await page.getByRole('button', { name: 'Make default home/large' }).click();
    await page.getByText('Models: home/large').waitFor();
    await page.getByRole('button', { name: 'Make default home/small' }).click();
    await page.getByText('Models: home/small → home/large').waitFor();
    await page.getByRole('button', { name: 'Actions for home/large' }).click();
    await page.getByRole('menuitem', { name: 'Make default' }).click();
    await page.getByText('Models: home/large → home/small').waitFor();
    // A provider in use is not removed.
    await page.getByRole('button', { name: 'Actions for home', exact: true }).click();
    const refusal = page.getByText('home provides the default model. Choose another default first.');
    await Promise.all([refusal.waitFor(), page.getByRole('menuitem', { name: 'Remove' }).click()]);
    await callApi(gateway, 'PATCH /api/config', { agents: { defaults: { model: null } } });

    await page.getByRole('button', { name: 'Set Price home/large' }).click();
    await page.getByLabel('Context').fill('lots');
    await page.getByText('Enter a number').waitFor();
    await page.getByLabel('Context').fill('128k');
    await page.getByLabel('Price of input').fill('1.25');
    await page.getByLabel('Price of output').fill('10');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('$1.25 in · $10 out').waitFor();
    const { providers } = await callApi<{ providers: { home: { models: unknown } } }>(gateway, 'GET /api/models-json');
    const large = { id: 'large', input: ['text'], contextWindow: 128_000, cost: { input: 1.25, output: 10 } };
    expect(providers.home.models).toEqual([{ id: 'small', input: ['text'] }, large]);
    // An emptied field leaves the file; the prices of the cache stay.
    const priced = { id: 'large', input: ['text'], contextWindow: 128_000, cost: { input: 1.25, output: 10, cacheRead: 0.5 } };
    await callApi(gateway, 'PATCH /api/models-json', { providers: { home: { models: [priced] } } });
    await page.reload();
    await page.getByRole('button', { name: 'Actions for home/large' }).click();
    await page.getByRole('menuitem', { name: 'Edit' }).click();
    await page.getByLabel('Context').fill('');
    await page.getByLabel('Price of input').fill('2');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('$2 in · $10 out').waitFor();
    const changed = await callApi<{ providers: { home: { models: unknown } } }>(gateway, 'GET /api/models-json');
    const cost = { input: 2, output: 10, cacheRead: 0.5 };
    expect(changed.providers.home.models).toEqual([{ id: 'large', input: ['text'], cost }]);

    await page.getByRole('button', { name: 'Actions for home', exact: true }).click();
    await page.getByRole('menuitem', { name: 'Remove' }).click();
    await page.getByText('home was removed').waitFor();
    await undo.last().hover();
    await expect.poll(() => callApi(gateway, 'GET /api/models-json')).toEqual({ providers: {} });
    await undo.last().click();
    await until('back with its key', async () => JSON.stringify(await callApi(gateway, 'GET /api/models-json')).includes('"hint":"…4567"'));
  },
);

test.skipIf(noBrowser)(
  'by keyboard: add with a key that is wrong, see why, and the key is never shown again',
  { tags: ['long'] },
  async () => {
    const gateway = await RealGateway.start();
    const url = await serveModels();
    const page = await openView(gateway, '#/models');
    await page.getByText('No model yet').waitFor();
    await page.keyboard.press('n');
    await page.getByRole('searchbox').and(page.locator(':focus')).waitFor();
    await page.keyboard.type(`${url}/v1`);
    await page.keyboard.press('Enter');
    await page.getByLabel('API key').and(page.locator(':focus')).waitFor();
    await page.keyboard.type('sk-wrong-key-7654321');
    await page.getByText('Key refused').waitFor();
    await page.getByRole('button', { name: 'Save anyway' }).focus();
    await page.keyboard.press('Enter');
    await page.getByText('local was saved').waitFor();
    await page.getByRole('button', { name: 'Test local' }).focus();
    await page.keyboard.press('Enter');
    await page.getByText('Key refused').waitFor();
    await expectAccessible(page);
    await page.getByRole('button', { name: 'Actions for local', exact: true }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('menu').waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog', { name: 'Edit local' }).waitFor();
    await expect.poll(() => page.getByLabel('API key').inputValue()).toBe('');
    expect(await page.content()).not.toContain('sk-wrong-key');
    await expectAccessible(page);
    // Another server gets a name of its own: the first one and its key stay.
    await page.keyboard.press('Escape');
    await page.keyboard.press('n');
    await page.getByRole('searchbox').and(page.locator(':focus')).waitFor();
    await page.keyboard.type(`${url}/v1`);
    await page.keyboard.press('Enter');
    await page.getByText('More', { exact: true }).last().click();
    await expect.poll(() => page.getByLabel('Name').getAttribute('placeholder')).toBe('local-2');
    const save = page.getByRole('button', { name: 'Save anyway' });
    await page.getByLabel('Name').fill('local');
    await page.getByText('A provider with this name already exists.').waitFor();
    await expect.poll(() => save.isDisabled()).toBe(true);
    await callApi(gateway, 'PATCH /api/models-json', { providers: { late: { baseUrl: 'http://127.0.0.1:9/v1' } } });
    await page.getByLabel('Name').fill('late');
    await save.click();
    await page.getByText('A provider with this name already exists.').first().waitFor();
    expect(JSON.stringify(await callApi(gateway, 'GET /api/models-json'))).toContain('http://127.0.0.1:9/v1');
  },
);
