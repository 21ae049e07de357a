/** The smallest screens, with the longest names. */
import { expect, onTestFinished, test } from 'vitest';
import { startFakeOpenAi } from '../fakes/openai/server.js';
import { noBrowser } from '../helpers/browser.js';
import { findOverlaps } from '../helpers/overlaps.js';
import { callApi, openView } from '../helpers/page.js';
import { startPageWorld } from '../helpers/page-world.js';
import type { RealGateway } from '../helpers/real-gateway.js';

const WIDTHS = [320, 360, 390];
const MODEL = 'claude-sonnet-4-20250514-extended-thinking';
const NAME = 'operations-team-of-the-northwest';

/** By view, what it shows once its data is there. */
const VIEWS: readonly (readonly [hash: string, shows: string])[] = [
  ['#/chat', 'How can I help?'],
  ['#/sessions', 'Question'],
  ['#/cron', NAME],
  ['#/cron/new', 'Task'],
  ['#/channels', NAME],
  ['#/channels/messages', 'Hello'],
  ['#/models', MODEL],
  ['#/models/usage', MODEL],
  ['#/tools', NAME],
  ['#/logs', 'gateway running'],
  ['#/config', 'Listen address'],
  ['#/config/versions', 'current'],
  ['#/tokens', NAME],
  ['#/status', 'Last 24 hours'],
];

/** @returns the id of a job */
async function fill(gateway: RealGateway): Promise<string> {
  const job = { name: NAME, schedule: '30 7 * * 1-5', message: 'Report', mode: 'agent', timezone: 'America/Argentina/ComodRivadavia' };
  const made = await callApi<{ job: { id: string } }>(gateway, 'POST /api/cron/create', job);
  await callApi(gateway, 'POST /api/tokens', { name: NAME, scopes: ['read', 'cron', 'send'], dailyUsd: 2 });
  await callApi(gateway, 'POST /api/message', { channel: 'webhook', accountId: NAME, chat_id: NAME, content: 'Hello' });
  return made.job.id;
}

test.skipIf(noBrowser)('on the smallest phones, nothing lies over anything else, however long names are', async () => {
  const fake = await startFakeOpenAi({ models: [MODEL] });
  onTestFinished(() => fake.close());
  const models = [{ id: MODEL, contextWindow: 128_000, cost: { input: 0.4, output: 1.6 } }];
  const config = {
    transcription: { model: `${NAME}/${MODEL}` },
    agents: { defaults: { model: `${NAME}/${MODEL}` } },
    channels: { webhook: { accounts: { [NAME]: { url: 'http://127.0.0.1:9/hook' } } } },
    mcp: { servers: { [NAME]: { url: 'http://127.0.0.1:9/mcp' } } },
  };
  const { gateway, talk } = await startPageWorld(config, { [NAME]: { baseUrl: fake.baseUrl, apiKey: 'sk-fake', models } });
  const job = `#/cron/${await fill(gateway)}`;
  const session = await talk('Question');
  const page = await openView(gateway, '#/chat', { hasTouch: true, size: 'narrow' });
  const found: string[] = [];
  for (const [hash, shows] of [...VIEWS, [job, NAME] as const, [`#/chat/${encodeURIComponent(session)}`, 'tokens'] as const]) {
    await page.goto(`${gateway.url}/${hash}`);
    await page.locator('main').getByText(shows).filter({ visible: true }).first().waitFor();
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 800 });
      const overflow = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
      if (overflow > 0) found.push(`${hash} at ${width}: wider than the screen`);
      found.push(...(await findOverlaps(page)).map((pair) => `${hash} at ${width}: ${pair}`));
    }
  }
  expect(found).toEqual([]);
});

test.skipIf(noBrowser)('on a phone, a chat that is gone has its way out, and nothing has the focus or a button out of sight', async () => {
  const { gateway, talk } = await startPageWorld();
  await callApi(gateway, 'POST /api/cron/create', { name: NAME, schedule: '0 9 * * *', message: 'Report', mode: 'agent' });
  for (const question of ['First', 'Second']) await talk(question);
  const page = await openView(gateway, '#/chat/does-not-exist', { hasTouch: true, size: 'narrow', allowedErrors: /404/ });
  const main = page.getByRole('main');
  const newChat = main.locator('.empty').getByRole('button');
  await newChat.waitFor();
  expect((await newChat.boundingBox())?.height).toBeLessThan(60);
  await main.getByRole('button', { name: 'Chats' }).click();
  await page.getByRole('dialog', { name: 'Chats' }).getByRole('link', { name: 'Second' }).waitFor();
  await page.keyboard.press('Escape');

  await page.goto(`${gateway.url}/#/cron`);
  await main.getByRole('link', { name: NAME }).waitFor();
  const hidden = `[...document.querySelectorAll('main :is(a, button, input, [tabindex])')].filter((element) => {
    const { right } = element.getBoundingClientRect();
    return right < 0 && element.checkVisibility({ visibilityProperty: true });
  }).length`;
  expect(await page.evaluate(hidden)).toBe(0);
  expect(await main.getByRole('columnheader', { name: 'Next run' }).count()).toBe(1);

  await page.goto(`${gateway.url}/#/sessions`);
  await main.getByRole('checkbox', { name: 'Select “First”' }).check();
  const bar = page.getByRole('toolbar');
  const boxes = await Promise.all((await bar.getByRole('button').all()).map((button) => button.boundingBox()));
  expect(boxes.every((box) => box !== null && box.x >= 0 && box.x + box.width <= 390)).toBe(true);
  expect(await bar.getByRole('button').first().getAttribute('aria-label')).toBe('Clear selection');
});
