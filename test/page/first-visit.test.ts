import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startFakeOpenAi } from '../fakes/openai/server.js';
import { expectAccessible, noBrowser, openPage } from '../helpers/browser.js';
import { tokenOf } from '../helpers/page.js';
import { RealGateway } from '../helpers/real-gateway.js';

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
  await page.getByRole('searchbox').fill(baseUrl);
  await page.getByRole('button', { name: 'Use this address' }).click();
  await page.getByText('one, two').waitFor();
  await page.getByRole('button', { name: 'Use it' }).click();
  await page.getByText('local works: 2 models').waitFor();
  await page.getByText('How can I help?').waitFor();
  await page.getByRole('textbox', { name: 'Message' }).fill('Hello, model');
  await page.getByRole('button', { name: 'Send' }).click();
  await page.getByRole('article', { name: 'Agent' }).getByText('Hello, model').waitFor();
  expect(page.url()).toContain('#/chat/');
});

test.skipIf(noBrowser)('a provider that is added while the empty chat is open is known there by itself', async () => {
  const { gateway, baseUrl } = await startWithoutModel();
  const page = await open(gateway);
  await page.getByText('No model yet').waitFor();
  const providers = { local: { baseUrl, models: [{ id: 'one' }] } };
  writeFileSync(join(gateway.xopcHome, 'models.json'), JSON.stringify({ providers }));
  await page.getByText('How can I help?').waitFor();
  expect(await page.getByText('No model yet').count()).toBe(0);
});

test.skipIf(noBrowser)('first visit by keyboard alone: from the empty chat to an answer of a model', async () => {
  const { gateway, baseUrl } = await startWithoutModel();
  const page = await open(gateway);
  const press = async (...keys: string[]): Promise<void> => {
    for (const key of keys) await page.keyboard.press(key);
  };
  const add = page.getByRole('button', { name: 'Add provider' });
  await add.waitFor();
  for (
    let tabs = 0;
    tabs < 30 &&
    !(await page.evaluate<string>('document.activeElement.matches("button") ? document.activeElement.textContent : ""')).includes(
      'Add provider',
    );
    tabs += 1
  )
    await press('Tab');
  await press('Enter');
  await page.getByRole('dialog', { name: 'Add provider' }).waitFor();
  await expectAccessible(page);
  await page.keyboard.type(baseUrl);
  await press('Enter');
  await page.getByText('one, two').waitFor();
  await press('Enter');
  await page.getByText('local works: 2 models').waitFor();
  await page.getByText('How can I help?').waitFor();
  await page.keyboard.type('Typed, never clicked');
  await press('Enter');
  await page.getByRole('article', { name: 'Agent' }).getByText('Typed, never clicked').waitFor();
  expect(page.url()).toContain('#/chat/');
});
