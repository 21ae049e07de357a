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

test.skipIf(noBrowser)('a provider is added in three fields, tested until it works, made the default, and removed', async () => {
  const gateway = await RealGateway.start();
  const url = await serveModels();
  const page = await openView(gateway, '#/models');
  await page.getByRole('button', { name: 'Add a provider' }).click();
  await page.getByLabel('Base URL').fill(`${url}/api`);
  await page.getByLabel('API key').fill('sk-wrong');
  await page.getByRole('button', { name: 'Test', exact: true }).click();
  await page.getByText('Wrong address').waitFor();
  await page.getByLabel('API key').fill('sk-right-key-1234567');
  await page.getByRole('button', { name: 'Test', exact: true }).click();
  await page.getByRole('button', { name: `Use ${url}/v1` }).click();
  await page.getByRole('button', { name: 'Test', exact: true }).click();
  await page.getByText('small, large').waitFor();
  await page.getByLabel('Name').fill('home');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('home was saved').waitFor();

  await page.getByRole('button', { name: 'Make default home/large' }).click();
  await page.getByText('Models: home/large').waitFor();
  await page.getByRole('list', { name: 'Default models' }).getByText('home/large').waitFor();
  const { config } = await callApi<{ config: unknown }>(gateway, 'GET /api/config');
  expect(config).toEqual({ agents: { defaults: { model: 'home/large' } } });
  await page.getByRole('button', { name: 'Undo' }).click();
  await until('no default', async () => !JSON.stringify(await callApi(gateway, 'GET /api/config')).includes('"model":"home/large"'));

  await page.getByRole('button', { name: 'Actions for home', exact: true }).click();
  await page.getByRole('menuitem', { name: 'Remove' }).click();
  await page.getByText('home was removed').waitFor();
  expect(await callApi(gateway, 'GET /api/models-json')).toEqual({ providers: {} });
  await page.getByRole('button', { name: 'Undo' }).last().click();
  await until('back with its key', async () => JSON.stringify(await callApi(gateway, 'GET /api/models-json')).includes('"hint":"…4567"'));
});

test.skipIf(noBrowser)('by keyboard: add with a key that is wrong, see why, and the key is never shown again', async () => {
  const gateway = await RealGateway.start();
  const url = await serveModels();
  const page = await openView(gateway, '#/models');
  await page.getByText('Built-in guide').waitFor();
  await page.keyboard.press('n');
  await page.getByRole('dialog', { name: 'Add a provider' }).waitFor();
  await page.keyboard.type(`${url}/v1`);
  await page.keyboard.press('Tab');
  await page.keyboard.type('sk-wrong-key-7654321');
  await page.keyboard.press('Enter');
  await page.getByText('local was saved').waitFor();
  await page.getByRole('button', { name: 'Test local' }).focus();
  await page.keyboard.press('Enter');
  await page.getByText('Key refused').waitFor();
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Actions for local', exact: true }).focus();
  await page.keyboard.press('Enter');
  await page.keyboard.press('Enter');
  await page.getByRole('dialog', { name: 'Change local' }).waitFor();
  expect(await page.getByLabel('API key').inputValue()).toBe('');
  expect(await page.content()).not.toContain('sk-wrong-key');
  await expectAccessible(page);
});
