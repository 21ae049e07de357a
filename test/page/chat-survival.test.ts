/** An answer survives whatever happens to its worker, the page and the network between them; so do drafts. */
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { says } from '../fakes/openai/reply.js';
import { expectWhole, PARTS, watchAnswer } from '../helpers/answer-watch.js';
import { findBarriers, noBrowser, openPage } from '../helpers/browser.js';
import { callApi } from '../helpers/page.js';
import { openStore } from '../helpers/open-store.js';
import { type PageWorld, startPageWorld } from '../helpers/page-world.js';
import { until } from '../helpers/real-gateway.js';
import { queriesOf } from '../../daemon/worker/store/transaction.js';

interface Half {
  readonly world: PageWorld;
  readonly page: Page;
  readonly agent: Locator;
  readonly box: Locator;
  /** Lets the answer go on. */
  readonly open: () => void;
}

/** A page in the middle of an answer. */
async function half(): Promise<Half> {
  const world = await startPageWorld();
  const page = await openPage(world.gateway.url, { allowedErrors: /WebSocket|Failed to load resource|ERR_INTERNET/ });
  await watchAnswer(page);
  let open: () => void = () => undefined;
  const gate = { before: 30, until: new Promise<void>((resolve) => (open = resolve)) };
  world.model.reply({ type: 'text', parts: PARTS, gate });
  const box = page.getByRole('textbox', { name: 'Message' });
  await box.fill('Count');
  await page.keyboard.press('Enter');
  const agent = page.getByRole('article', { name: 'Agent' });
  await agent.getByText('part29').waitFor();
  // What was said in the last quarter of a second is nowhere but on this page.
  const store = await openStore({ path: join(world.gateway.xopcHome, 'state', 'gateway.db'), isSoleWorker: () => false });
  await until('what was said to be written down', async () =>
    (await store.read((tx) => queriesOf(tx).selectFrom('turn_parts').select('text').execute())).some(({ text }) => text.includes('part29')),
  );
  return { world, page, agent, box, open };
}

test.skipIf(noBrowser)('a reload, a killed worker and a restart lose and double nothing of an answer, nor the draft', async () => {
  const { world, page, agent, box } = await half();
  const { gateway, model } = world;
  await box.fill('A draft');
  await page.reload();
  await agent.getByText('part29').waitFor();
  await expect.poll(() => box.inputValue()).toBe('A draft');
  let open: (value?: unknown) => void = () => undefined;
  let begin: (value?: unknown) => void = () => undefined;
  const held = new Promise((resolve) => (begin = resolve));
  model.reply({ type: 'text', parts: PARTS, gate: { before: 0, until: held } });
  const pid = gateway.workerPid();
  process.kill(pid, 'SIGKILL');
  await gateway.untilReplaced(pid);
  await until('the second attempt', () => model.requests.length === 2);
  await page.getByText('The answer is being generated again').waitFor();
  // The second worker has said nothing yet, and what the first said is in sight, also on a new page.
  expect(await agent.getByText('part29').isVisible()).toBe(true);
  await page.reload();
  await agent.getByText('part2').first().waitFor();
  model.reply({ type: 'text', parts: PARTS, gate: { before: 45, until: new Promise((resolve) => (open = resolve)) } });
  const second = gateway.workerPid();
  process.kill(second, 'SIGKILL');
  begin();
  await gateway.untilReplaced(second);
  await agent.getByText('part44').waitFor();
  open();
  await agent.getByText('part59').waitFor();
  expect((await gateway.xopc('gateway', 'restart')).code).toBe(0);
  // Only a page that is connected to the new worker hears of this.
  const key = page.url().split('#/chat/')[1] ?? '';
  await callApi(gateway, `PATCH /api/sessions/${key}`, { title: 'Told by the next worker' });
  await page.getByText('Told by the next worker').first().waitFor();
  await expectWhole(page, world);
  expect(await page.getByRole('article', { name: 'You' }).count()).toBe(1);
  expect(await box.inputValue()).toBe('A draft');
});

/** Holds the next read of the messages: what it found is read at once, and shown once it is let go. */
async function holdMessages(page: Page): Promise<{ isRead: () => boolean; letGo: () => Promise<void> }> {
  let letGo: (() => Promise<void>) | undefined;
  await page.route(
    '**/messages?*',
    async (route) => {
      const response = await route.fetch();
      letGo = () => route.fulfill({ response });
    },
    { times: 1 },
  );
  return { isRead: () => letGo !== undefined, letGo: async () => letGo?.() };
}

test.skipIf(noBrowser)('what happens between the first messages and the connection is neither lost nor shown twice', async () => {
  const { world, page, agent, open } = await half();
  const { gateway, model } = world;
  const key = page.url().split('#/chat/')[1] ?? '';
  const count = async (): Promise<number> =>
    (await callApi<{ session: { messageCount: number } }>(gateway, `GET /api/sessions/${key}?limit=0`)).session.messageCount;

  // The answer is completed: the first messages are without it.
  const early = await holdMessages(page);
  await page.reload();
  await until('the first read', early.isRead);
  open();
  await until('the answer on disk', async () => (await count()) === 2);
  await early.letGo();
  await agent.getByText('part59').waitFor();
  await expectWhole(page, world);

  // The answer is replaced: the first messages have one that is no longer chosen.
  const other = await page.context().newPage();
  await other.goto(page.url());
  await other.getByRole('article', { name: 'Agent' }).getByText('part59').waitFor();
  const stale = await holdMessages(page);
  await page.reload();
  await until('the first read', stale.isRead);
  model.reply(says('Quite different'));
  await other.getByRole('article', { name: 'Agent' }).hover();
  await other.getByRole('button', { name: 'Ask again', exact: true }).click();
  await other.getByRole('article', { name: 'Agent' }).getByText('Quite different').waitFor();
  await stale.letGo();
  await agent.getByText('Quite different').waitFor();
  expect([await agent.count(), await page.getByRole('article', { name: 'You' }).count()]).toEqual([1, 1]);

  // The chat is deleted.
  const last = await holdMessages(page);
  await page.reload();
  await until('the first read', last.isRead);
  await callApi(gateway, `DELETE /api/sessions/${key}`);
  await last.letGo();
  await page.getByText('This chat no longer exists').waitFor();
});

test.skipIf(noBrowser)('without a network for a while the page gets what it missed, from where it was', async () => {
  const { world, page, agent, box, open } = await half();
  await page.context().setOffline(true);
  await page
    .getByText(/offline|no network/i)
    .first()
    .waitFor();
  await box.fill('Written while offline');
  open();
  await until('the answer on disk', async () => {
    const list = await fetch(`${world.gateway.url}/api/sessions`);
    const { sessions } = (await list.json()) as { sessions: { messageCount: number }[] };
    return sessions[0]?.messageCount === 2;
  });
  expect(await agent.getByText('part29').isVisible()).toBe(true);
  await page.context().setOffline(false);
  await agent.getByText('part59').waitFor();
  await expectWhole(page, world);
  expect(await box.inputValue()).toBe('Written while offline');
});

test.skipIf(noBrowser)('a second attempt that says something else replaces the first, which can be looked at', async () => {
  const { world, page, agent } = await half();
  const { gateway, model } = world;
  let open: (value?: unknown) => void = () => undefined;
  model.reply({ type: 'text', parts: ['Quite ', 'different'], gate: { before: 1, until: new Promise((resolve) => (open = resolve)) } });
  const pid = gateway.workerPid();
  process.kill(pid, 'SIGKILL');
  await agent.getByText('Quite').waitFor();
  await agent.getByText('part29').waitFor({ state: 'hidden' });
  await page.getByText('Text before the interruption').click();
  await agent.getByText('part29').waitFor();
  expect(await findBarriers(page)).toEqual([]);
  open();
  await agent.getByText('Quite different').waitFor();
  await expect.poll(() => agent.count()).toBe(1);
});

test.skipIf(noBrowser)('each chat keeps its own draft', async () => {
  const { world, page, box, open } = await half();
  open();
  await box.fill('Draft of the first');
  world.model.replyAlways(says('Hello'));
  await page.getByRole('button', { name: 'New chat', exact: true }).click();
  await expect.poll(() => box.inputValue()).toBe('');
  await box.fill('Draft of a new one');
  await page.getByRole('navigation', { name: 'Chats' }).getByRole('link').first().click();
  await expect.poll(() => box.inputValue()).toBe('Draft of the first');
  await page.reload();
  await expect.poll(() => box.inputValue()).toBe('Draft of the first');
  await page.getByRole('button', { name: 'New chat', exact: true }).click();
  await expect.poll(() => box.inputValue()).toBe('Draft of a new one');
});

test.skipIf(noBrowser)(
  'what is written while the gateway is away is sent by a later tab, and comes back when its chat is deleted',
  async () => {
    const { gateway, model } = await startPageWorld();
    const page = await openPage(gateway.url, { allowedErrors: /WebSocket|Failed to load resource|ERR_/ });
    await page.getByText('How can I help?').waitFor();
    expect((await gateway.xopc('gateway', 'stop')).code).toBe(0);
    for (const text of ['Written while it was away', 'And one more']) {
      await page.getByRole('textbox', { name: 'Message' }).fill(text);
      await page.keyboard.press('Enter');
      await page.locator('.queue > li', { hasText: text }).getByText('Waiting for the connection').waitFor();
    }
    await gateway.run();
    // The first tab is closed before it connects again, and the next one shows something else.
    const later = await page.context().newPage();
    await page.close();
    // Only the connection decides: the gateway is on the same machine.
    await later.addInitScript(`Object.defineProperty(navigator, 'onLine', { get: () => false })`);
    await later.goto(`${gateway.url}/#/status`);
    const asked = () => model.requests.map(({ messages }) => messages.at(-1)?.content);
    await expect.poll(asked).toEqual(['Written while it was away', 'And one more']);
    await later.getByRole('link', { name: 'Chat', exact: true }).click();
    await later.getByRole('navigation', { name: 'Chats' }).getByRole('link', { name: 'Written while it was away' }).click();
    await later.getByRole('article', { name: 'Agent' }).last().getByText('And one more').waitFor();

    const box = later.getByRole('textbox', { name: 'Message' });
    model.reply({ type: 'text', parts: ['Held ', 'back'], gate: { before: 1, until: new Promise(() => undefined) } });
    for (const text of ['A question', 'Never sent']) {
      await box.fill(text);
      await later.keyboard.press('Enter');
      await later.getByText(text).first().waitFor();
    }
    await later.getByText('Held').waitFor();
    await box.fill('A draft');
    await callApi(gateway, `DELETE /api/sessions/${later.url().split('#/chat/')[1] ?? ''}`);
    await later.getByText('The chat was deleted. Your unsent text is in the box.').waitFor();
    await expect.poll(() => box.inputValue()).toBe('Never sent\n\nA draft');
  },
);
