import { onTestFinished, test, expect } from 'vitest';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startFakeOpenAi } from '../fakes/openai/server.js';
import { says } from '../fakes/openai/reply.js';
import { fakeModels } from '../helpers/make-conversation.js';
import { expectAccessible, noBrowser, openPage } from '../helpers/browser.js';
import { RealGateway } from '../helpers/real-gateway.js';

async function startWorld() {
  const model = await startFakeOpenAi({ models: ['one', 'two'] });
  onTestFinished(() => model.close());
  const gateway = await RealGateway.start();
  return { model, gateway };
}

void says;
void fakeModels;
void writeFileSync;
void join;

test.skipIf(noBrowser)('first look at the page', async () => {
  const { gateway } = await startWorld();
  const page = await openPage(gateway.url);
  await page.getByRole('heading', { name: 'No language model yet' }).waitFor();
  await page.screenshot({ path: '/var/tmp/pg/first.png' });
  await page.keyboard.type('/help');
  await page.screenshot({ path: '/var/tmp/pg/slash.png' });
  await page.keyboard.press('Enter');
  await page.getByText('lists the commands').first().waitFor();
  await page.keyboard.type('Hello there');
  await page.keyboard.press('Enter');
  await page.getByText('no language model is configured yet').first().waitFor();
  await page.screenshot({ path: '/var/tmp/pg/chat.png' });
  await expectAccessible(page);
  await page.screenshot({ path: '/var/tmp/pg/chat-dark-narrow.png' });
  expect(await page.title()).toBe('Chat · xopc');
});
