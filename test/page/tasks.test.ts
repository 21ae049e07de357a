/** What people come for, by keyboard alone and on a phone, in no more steps than named: keys that are not text, and taps. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { expect, onTestFinished, test } from 'vitest';
import { startFakeOpenAi } from '../fakes/openai/server.js';
import { noBrowser } from '../helpers/browser.js';
import { failOnce, untilInForce } from '../helpers/job-runs.js';
import { callApi, openView, tokenOf } from '../helpers/page.js';
import { startPageWorld } from '../helpers/page-world.js';
import { RealGateway } from '../helpers/real-gateway.js';
import { replaceFile } from '../helpers/replace-file.js';

const phone = { size: 'narrow', hasTouch: true } as const;

/** Counts the steps of a person. Text that is typed is no step. */
class Steps {
  count = 0;
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
  }

  async press(...keys: string[]): Promise<void> {
    for (const key of keys) {
      this.count += 1;
      await this.#page.keyboard.press(key);
    }
  }

  async tap(target: Locator): Promise<void> {
    this.count += 1;
    await target.tap();
  }

  type(text: string): Promise<void> {
    return this.#page.keyboard.type(text);
  }
}

const KEY = 'sk-right-key-1234567';

async function startWithoutModel(): Promise<{ gateway: RealGateway; baseUrl: string }> {
  const model = await startFakeOpenAi({ apiKey: KEY, models: ['one', 'two'] });
  onTestFinished(() => model.close());
  return { gateway: await RealGateway.start(), baseUrl: model.baseUrl };
}

const answered = (page: Page): Promise<void> => page.getByRole('article', { name: 'Agent' }).getByText('Hello, model').waitFor();

test.skipIf(noBrowser)('by keyboard, the first answer of a model takes 5 keys, the address and the key', async () => {
  const { gateway, baseUrl } = await startWithoutModel();
  const page = await openView(gateway, '');
  const steps = new Steps(page);
  await page.getByText('No model yet').waitFor();
  await page.getByRole('textbox', { name: 'Message' }).and(page.locator(':focus')).waitFor();
  await steps.press('Shift+Tab', 'Enter');
  await page.getByRole('searchbox').and(page.locator(':focus')).waitFor();
  await steps.type(baseUrl);
  await steps.press('Enter');
  await page.getByLabel('API key').and(page.locator(':focus')).waitFor();
  await steps.type(KEY);
  await page.getByText('one, two').waitFor();
  await steps.press('Enter');
  await page.getByText('How can I help?').waitFor();
  await page.getByRole('textbox', { name: 'Message' }).and(page.locator(':focus')).waitFor();
  await steps.type('Hello, model');
  await steps.press('Enter');
  await answered(page);
  expect(steps.count).toBeLessThanOrEqual(5);
});

test.skipIf(noBrowser)('on a phone, a model is ready after 3 taps, the address and the key, and the first answer a tap later', async () => {
  const { gateway, baseUrl } = await startWithoutModel();
  const page = await openView(gateway, '', phone);
  const steps = new Steps(page);
  await steps.tap(page.getByRole('button', { name: 'Add provider' }));
  await page.getByRole('searchbox').and(page.locator(':focus')).waitFor();
  await steps.type(baseUrl);
  await steps.tap(page.getByRole('button', { name: 'Use this address' }));
  await page.getByLabel('API key').and(page.locator(':focus')).waitFor();
  await steps.type(KEY);
  await page.getByText('one, two').waitFor();
  await steps.tap(page.getByRole('button', { name: 'Use it' }));
  await page.getByText('How can I help?').waitFor();
  expect(steps.count).toBeLessThanOrEqual(3);
  await page.getByRole('textbox', { name: 'Message' }).and(page.locator(':focus')).waitFor();
  await steps.type('Hello, model');
  // A file makes the chat a session, and the keyboard stays.
  await page.locator('input[type=file]').setInputFiles({ name: 'plan.txt', mimeType: 'text/plain', buffer: Buffer.from('the plan') });
  await expect.poll(() => page.url()).toContain('#/chat/main');
  await page.getByRole('textbox', { name: 'Message' }).and(page.locator(':focus')).waitFor();
  await steps.tap(page.getByRole('button', { name: 'Send' }));
  await answered(page);
  expect(steps.count).toBeLessThanOrEqual(4);
});

/** A conversation whose third message is long out of sight. */
async function importTalk(gateway: RealGateway): Promise<void> {
  const lines = Array.from({ length: 240 }, (_, number) => ({
    role: number % 2 === 0 ? 'user' : 'assistant',
    content: number === 2 ? 'Where is the harbour?' : `Message ${number}`,
    createdAt: new Date(Date.UTC(2026, 0, 1) + number * 60_000).toISOString(),
    model: null,
    status: 'complete',
  }));
  const response = await fetch(`${gateway.url}/api/sessions/import`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${tokenOf(gateway)}`, 'Content-Type': 'application/x-ndjson' },
    body: [{ format: 'xopc-session', version: 1, title: 'Of the sea' }, ...lines].map((line) => JSON.stringify(line)).join('\n'),
  });
  expect(response.ok).toBe(true);
}

async function expectInSight(page: Page): Promise<void> {
  const found = page.getByRole('article', { name: 'You' }).getByText('Where is the harbour?');
  await found.waitFor();
  const height = page.viewportSize()?.height ?? 0;
  await expect.poll(async () => (await found.boundingBox())?.y).toBeGreaterThan(0);
  await expect.poll(async () => (await found.boundingBox())?.y).toBeLessThan(height);
}

test.skipIf(noBrowser)('an old message is found and opened with 2 keys and its words, or 3 taps and its words', async () => {
  const { gateway } = await startPageWorld();
  await importTalk(gateway);
  const page = await openView(gateway, '');
  const steps = new Steps(page);
  await page.getByText('How can I help?').waitFor();
  await steps.press('Control+k');
  await steps.type('harbour');
  await page.getByRole('option', { name: 'Of the sea' }).waitFor();
  await steps.press('Enter');
  await expectInSight(page);
  expect(steps.count).toBeLessThanOrEqual(2);

  const mobile = await openView(gateway, '', phone);
  const taps = new Steps(mobile);
  await taps.tap(mobile.getByRole('link', { name: 'Sessions' }));
  await taps.tap(mobile.getByRole('combobox'));
  await taps.type('harbour');
  // Not of the first letters.
  await mobile.locator('mark', { hasText: /^harbour$/i }).waitFor();
  await taps.tap(mobile.getByRole('link', { name: 'Of the sea' }));
  await expectInSight(mobile);
  expect(taps.count).toBeLessThanOrEqual(3);
});

/** A job whose agent has been removed from the configuration, and that has failed since. */
async function breakJob(): Promise<RealGateway> {
  const gateway = await RealGateway.create();
  mkdirSync(gateway.xopcHome, { recursive: true });
  const configure = (agents: object[]): void =>
    replaceFile(join(gateway.xopcHome, 'config.json'), JSON.stringify({ agents: { list: [{ id: 'main' }, ...agents] } }));
  configure([{ id: 'other' }]);
  await gateway.run();
  const body = { name: 'Report', schedule: '0 9 * * *', message: 'hello', mode: 'agent', agentId: 'other', retries: 0 };
  const { job } = await callApi<{ job: { id: string } }>(gateway, 'POST /api/cron/create', body);
  configure([]);
  await untilInForce(gateway);
  await failOnce(gateway, job.id);
  return gateway;
}

/** The reason is in sight where the job is. */
const seeWhy = (page: Page): Promise<void> => page.getByRole('cell', { name: /there is no agent 'other'/ }).waitFor();

const seeDone = (page: Page): Promise<void> => page.getByRole('dialog', { name: 'Run of Report' }).getByText('Done').waitFor();

test.skipIf(noBrowser)('by keyboard, a broken schedule is found, understood, repaired and run with 9 keys', async () => {
  const gateway = await breakJob();
  const page = await openView(gateway, '');
  const steps = new Steps(page);
  await page.getByRole('textbox', { name: 'Message' }).and(page.locator(':focus')).waitFor();
  await steps.press('Control+k');
  await steps.type('status');
  await steps.press('Enter');
  await page.getByRole('heading', { name: 'Report' }).waitFor();
  await steps.press('Tab', 'Tab');
  await page.getByRole('link', { name: 'Open schedule' }).and(page.locator(':focus')).waitFor();
  await steps.press('Enter');
  await seeWhy(page);
  await steps.press('e');
  await page.getByLabel('Agent', { exact: true }).and(page.locator(':focus')).waitFor();
  await steps.press('ArrowUp');
  await steps.press('Control+s');
  await page.getByRole('button', { name: 'Run now' }).waitFor();
  await steps.press('r');
  await seeDone(page);
  expect(steps.count).toBeLessThanOrEqual(9);
});

test.skipIf(noBrowser)('on a phone, a broken schedule is found, understood, repaired and run with 6 taps', async () => {
  const gateway = await breakJob();
  const page = await openView(gateway, '', phone);
  const steps = new Steps(page);
  await steps.tap(page.getByRole('link', { name: 'Status' }));
  await steps.tap(page.getByRole('link', { name: 'Open schedule' }));
  await seeWhy(page);
  await steps.tap(page.getByRole('button', { name: 'Edit' }));
  const agent = page.getByLabel('Agent', { exact: true });
  await steps.tap(agent);
  await agent.selectOption('');
  await steps.tap(page.getByRole('button', { name: 'Save' }));
  await steps.tap(page.getByRole('button', { name: 'Run now' }));
  await seeDone(page);
  expect(steps.count).toBeLessThanOrEqual(6);
});
