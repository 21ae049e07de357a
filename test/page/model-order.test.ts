import { EventEmitter, once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { unauthorized } from '../fakes/openai/reply.js';
import { expectAccessible, noBrowser } from '../helpers/browser.js';
import { untilInForce } from '../helpers/job-runs.js';
import { callApi, openView } from '../helpers/page.js';
import { startPageWorld } from '../helpers/page-world.js';
import { until, type RealGateway } from '../helpers/real-gateway.js';
import { replaceFile } from '../helpers/replace-file.js';

interface Config {
  readonly inForce: boolean;
  readonly config: { readonly agents: { readonly defaults: { readonly model: unknown } } };
}

/** @returns the default model once what is in the file is in force */
async function modelOf(gateway: RealGateway): Promise<unknown> {
  const { inForce, config } = await callApi<Config>(gateway, 'GET /api/config');
  return inForce ? config.agents.defaults.model : undefined;
}

test.skipIf(noBrowser)('fallbacks are added and moved by keyboard and by dragging, and every model is asked', async () => {
  const { gateway } = await startPageWorld();
  const page = await openView(gateway, '#/models', { allowedErrors: /404|502/ });
  const order = page.getByRole('list', { name: 'Default models' });
  await page.getByRole('combobox', { name: 'Add as a fallback' }).selectOption('fake/two');
  await order.getByText('Fallback 1').waitFor();
  await until('two models', async () => JSON.stringify(await modelOf(gateway)) === '{"primary":"fake/one","fallbacks":["fake/two"]}');
  // A read that began before a change and ends after it must not bring the old order back.
  const held = new EventEmitter();
  const isReleased = once(held, 'released');
  const isRead = once(held, 'read');
  await page.route('**/api/config', async (route) => {
    if (route.request().method() !== 'GET') return route.continue();
    const response = await route.fetch();
    held.emit('read');
    await isReleased;
    return route.fulfill({ response }).catch(() => undefined);
  });
  await callApi(gateway, 'PATCH /api/config', { logs: { level: 'debug' } });
  await isRead;
  await page.getByRole('button', { name: 'Move fake/two up' }).focus();
  await page.keyboard.press('Enter');
  await page.getByText('fake/two is now number 1 of 2').waitFor();
  held.emit('released');
  await page.unrouteAll({ behavior: 'wait' });
  await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
  expect(await order.getByRole('listitem').first().textContent()).toContain('fake/two');
  await expect.poll(() => page.evaluate('document.activeElement.getAttribute("aria-label")')).toBe('Move fake/two down');
  await until('the other way', async () => JSON.stringify(await modelOf(gateway)) === '{"primary":"fake/two","fallbacks":["fake/one"]}');
  await order.getByText('fake/one').dragTo(order.getByText('fake/two'));
  await until('dragged back', async () => JSON.stringify(await modelOf(gateway)) === '{"primary":"fake/one","fallbacks":["fake/two"]}');
  await page.getByRole('button', { name: 'Ask each model' }).click();
  await order
    .getByText(/^Answered in [\d.]+ m?s$/)
    .nth(1)
    .waitFor();
  await page.getByRole('button', { name: 'Check connections' }).click();
  await page.getByText(/^2 models, answered in/).waitFor();
  await expectAccessible(page);
  await page.setViewportSize({ width: 1_440, height: 900 });
  await page.getByRole('button', { name: 'Remove fake/two from the list' }).click();
  await until('one', async () => (await modelOf(gateway)) === 'fake/one');
});

test.skipIf(noBrowser)('models are asked also where every call needs a token, which the page does not have', async () => {
  const { gateway } = await startPageWorld({ gateway: { auth: { enabled: true } } });
  const page = await openView(gateway, '#/models');
  await page.getByRole('button', { name: 'Ask each model' }).click();
  await page
    .getByRole('list', { name: 'Default models' })
    .getByText(/^Answered in/)
    .waitFor();
  expect(await page.getByRole('dialog', { name: 'Sign in' }).count()).toBe(0);
});

test.skipIf(noBrowser)('an agent gets a model of its own and gives it back; the comments of the file stay', async () => {
  const { gateway } = await startPageWorld();
  const path = join(gateway.xopcHome, 'config.json');
  const text = `{
  "agents": {
    "list": [
      { "id": "main", "name": "Main" }, // the house
      { "id": "coder", "name": "Coder" }
    ],
    "defaults": { "model": "fake/one" }
  }
}
`;
  replaceFile(path, text);
  await untilInForce(gateway);
  const page = await openView(gateway, '#/models', { allowedErrors: /ERR_FAILED/ });
  // A choice that could not be saved does not stand there as if it were in force.
  await page.route('**/api/config/text', (route) => route.abort(), { times: 1 });
  await page.getByLabel('Coder').selectOption('fake/two');
  await page.getByText('The gateway does not answer.').first().waitFor();
  await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
  expect(await page.getByLabel('Coder').inputValue()).toBe('');
  await page.getByLabel('Coder').selectOption('fake/two');
  await page.getByText('Own model').waitFor();
  expect(readFileSync(path, 'utf8')).toContain('// the house');
  await untilInForce(gateway);
  await page.getByLabel('Coder').selectOption('Default (fake/one)');
  await until('given back', () => !readFileSync(path, 'utf8').includes('fake/two'));
  expect(readFileSync(path, 'utf8')).toContain('// the house');
});

test.skipIf(noBrowser)('a provider whose turns failed is never fine, and says why', async () => {
  const { gateway, model, talk } = await startPageWorld();
  const page = await openView(gateway, '#/models');
  const card = page.getByRole('list', { name: 'Providers' }).getByRole('listitem').first();
  await card.getByText('Not used in the last hour').waitFor();
  await talk('Are you there?');
  await page.reload();
  await card.getByText('Working').waitFor();
  for (const question of ['And now?', 'Or now??', 'Or later?']) {
    model.reply(unauthorized());
    await expect(talk(question)).rejects.toThrow();
  }
  await until('noted', async () => JSON.stringify(await callApi(gateway, 'GET /api/providers')).includes('"degraded"'));
  await page.reload();
  await card.getByText('Unreliable').first().waitFor();
  await card.getByText(/^Last error/).waitFor();
  await expect.poll(() => card.getByText('Working').count()).toBe(0);
});

test.skipIf(noBrowser)('what was used is shown by day, model and session', async () => {
  const { gateway, talk } = await startPageWorld();
  const page = await openView(gateway, '#/models/usage');
  await page.getByText('No usage in this period').waitFor();
  await talk('How much is this?');
  await page.getByRole('radio', { name: '7 days' }).check();
  await page.getByRole('link', { name: 'How much is this?' }).waitFor();
  await page.getByRole('rowheader', { name: 'fake/one' }).waitFor();
  await page.getByRole('img', { name: /Tokens per day since/ }).waitFor();
  await expectAccessible(page);
});
