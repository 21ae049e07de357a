import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startFakeOpenAi } from '../fakes/openai/server.js';
import { expectAccessible, noBrowser, openPage, SIZES } from '../helpers/browser.js';
import { tokenOf } from '../helpers/page.js';
import { RealGateway } from '../helpers/real-gateway.js';
import { replaceFile } from '../helpers/replace-file.js';

async function startWithoutModel(): Promise<{ gateway: RealGateway; baseUrl: string }> {
  const model = await startFakeOpenAi({ models: ['one', 'two'] });
  onTestFinished(() => model.close());
  return { gateway: await RealGateway.start(), baseUrl: model.baseUrl };
}

const open = (gateway: RealGateway) => openPage(gateway.url, { token: tokenOf(gateway) });

test.skipIf(noBrowser)('first visit with the mouse: the guide answers, a provider is added and tested, and a model answers', async () => {
  const { gateway, baseUrl } = await startWithoutModel();
  const page = await open(gateway);
  await page.getByText('No model yet').waitFor();
  await page.getByRole('textbox', { name: 'Message' }).fill('Who are you?');
  await page.getByRole('button', { name: 'Send' }).click();
  await page.getByRole('article', { name: 'Agent' }).getByText('no language model is configured yet').waitFor();
  await page.getByRole('button', { name: 'New chat', exact: true }).click();
  await page.getByRole('button', { name: 'Add provider' }).click();
  await page.getByRole('dialog', { name: 'Add provider' }).waitFor();
  await expectAccessible(page);
  await page.setViewportSize(SIZES.wide);
  await page.getByRole('searchbox').fill(baseUrl);
  await page.getByRole('button', { name: 'Use this address' }).click();
  await page.getByText('one, two').waitFor();
  await Promise.all([page.getByText('local works: 2 models').waitFor(), page.getByRole('button', { name: 'Use it' }).click()]);
  await page.getByText('How can I help?').waitFor();
  await page.getByRole('textbox', { name: 'Message' }).fill('Hello, model');
  await page.getByRole('button', { name: 'Send' }).click();
  await page.getByRole('article', { name: 'Agent' }).getByText('Hello, model').waitFor();
  expect(page.url()).toContain('#/chat/');
});

test.skipIf(noBrowser)('a provider that is added while the empty chat is open is known there by itself', async () => {
  const { gateway, baseUrl } = await startWithoutModel();
  const page = await open(gateway);
  await page.getByText('only the built-in guide answers').waitFor();
  replaceFile(join(gateway.xopcHome, 'config.json'), JSON.stringify({ agents: { defaults: { model: 'openai/gpt-5' } } }));
  await page.getByText('openai/gpt-5 is the default, but no provider is set up for it.').waitFor();
  const providers = { local: { baseUrl, models: [{ id: 'one' }] } };
  replaceFile(join(gateway.xopcHome, 'models.json'), JSON.stringify({ providers }));
  await page.getByText('How can I help?').waitFor();
  await expect.poll(() => page.getByText('No model yet').count()).toBe(0);
});
