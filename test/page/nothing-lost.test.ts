/** Whatever happens to the gateway or the tab, what was written is sent once or still there. */
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { noBrowser } from '../helpers/browser.js';
import { callApi, changeEditor, openView, readEditor, tryNow } from '../helpers/page.js';
import { type PageWorld, startPageWorld } from '../helpers/page-world.js';

interface World extends PageWorld {
  readonly page: Page;
  /** Sends one message in the chat that exists, and one in a new chat. */
  readonly send: (page: Page) => Promise<void>;
}

async function away({ gateway, page, send }: World): Promise<void> {
  expect((await gateway.xopc('gateway', 'stop')).code).toBe(0);
  await page.getByText('The gateway does not answer.').waitFor();
  await send(page);
  await page.locator('.queue').getByText('Waiting for the connection').waitFor();
}

/** What happens, and what it leaves: the tab in which one goes on. */
const EVENTS: readonly (readonly [name: string, happen: (world: World) => Promise<Page>])[] = [
  [
    'the gateway is restarted',
    async ({ gateway, page, send }) => {
      const [restart] = await Promise.all([gateway.xopc('gateway', 'restart'), send(page)]);
      expect(restart.code).toBe(0);
      return page;
    },
  ],
  [
    'the tab is reloaded',
    async ({ page, send }) => {
      await send(page);
      await page.reload();
      return page;
    },
  ],
  [
    'the gateway is gone for a while, and another view is shown',
    async (world) => {
      await away(world);
      await world.page.getByRole('link', { name: 'Status' }).click();
      await world.gateway.run();
      await tryNow(world.page);
      return world.page;
    },
  ],
  [
    'the tab is closed',
    async (world) => {
      await away(world);
      const later = await world.page.context().newPage();
      await world.page.close();
      await world.gateway.run();
      await later.goto(`${world.gateway.url}/#/status`);
      return later;
    },
  ],
];

/** What is written and not sent: where, how, and what is there later. */
function draftsIn(known: string, edited: string) {
  const field = (hash: string, name: string | RegExp) => ({
    hash,
    write: (page: Page, text: string) => page.getByRole('textbox', { name, exact: true }).fill(text),
    read: (page: Page) => page.getByRole('textbox', { name, exact: true }).inputValue(),
  });
  const message = field(edited, 'Message');
  return [
    field(known, 'Message'),
    {
      ...message,
      write: async (page: Page, text: string) => {
        await page.getByRole('article', { name: 'Agent' }).waitFor();
        // In an empty box: edits the last message.
        await page.getByRole('textbox', { name: 'Message' }).press('ArrowUp');
        await page.getByText('Editing').waitFor();
        await message.write(page, text);
      },
    },
    field('#/config', /gateway\.basePath/),
    {
      hash: '#/config/text',
      write: (page: Page, text: string) => changeEditor(page, (file) => `// ${text}\n${file.replace(/^\/\/.*\n/, '')}`),
      read: async (page: Page) => /^\/\/ (.*)/.exec(await readEditor(page))?.[1] ?? '',
    },
    field('#/cron/new', 'Task'),
  ];
}

const LIMIT = { timeout: EVENTS.length * 180_000 };

test.skipIf(noBrowser)('what was written is sent once, or still there, whatever happens to gateway and tab', LIMIT, async () => {
  const world = await startPageWorld();
  const { gateway, model, talk } = world;
  const known = `#/chat/${encodeURIComponent(await talk('Begin'))}`;
  const [another, third] = [await talk('Begin another'), await talk('Begin a third')].map((key) => `#/chat/${encodeURIComponent(key)}`);
  const drafts = draftsIn(another ?? '', third ?? '');
  let page = await openView(gateway, known, { allowedErrors: /WebSocket|Failed to load|ERR_/ });
  for (const { hash, write } of drafts) {
    await page.goto(`${gateway.url}/${hash}`);
    await write(page, 'Written at first');
  }
  let written = 'Written at first';
  for (const [name, happen] of EVENTS) {
    await page.goto(`${gateway.url}/${known}`);
    const sent = [`Known: ${name}`, `New: ${name}`];
    const send = async (tab: Page): Promise<void> => {
      const box = tab.getByRole('textbox', { name: 'Message' });
      await box.fill(sent[0] ?? '');
      await tab.keyboard.press('Enter');
      await tab.getByRole('button', { name: 'New chat', exact: true }).click();
      await box.fill(sent[1] ?? '');
      await tab.keyboard.press('Enter');
    };
    page = await happen({ ...world, page, send });
    const asked = () => model.requests.flatMap(({ messages }) => messages.at(-1)?.content ?? []).filter((text) => text.endsWith(name));
    await expect.poll(async () => asked().toSorted(), { message: name }).toEqual(sent);
    for (const { hash, read, write } of drafts) {
      await page.goto(`${gateway.url}/${hash}`);
      await expect.poll(() => read(page), { message: `${name}: ${hash}` }).toBe(written);
      await write(page, name);
    }
    written = name;
  }
  // With those that made the chats.
  expect(model.requests.length).toBe(3 + 2 * EVENTS.length);
});

test.skipIf(noBrowser)('what was written stays when its chat or its schedule is deleted elsewhere', async () => {
  const { gateway, talk } = await startPageWorld();
  const chat = encodeURIComponent(await talk('Begin'));
  const { job } = await callApi<{ job: { id: string } }>(gateway, 'POST /api/cron/create', {
    schedule: 'every 1h',
    message: 'Report',
    mode: 'agent',
  });
  const page = await openView(gateway, `#/chat/${chat}`, { allowedErrors: /404/ });
  await page.getByRole('textbox', { name: 'Message' }).fill('A draft');
  await page.goto(`${gateway.url}/#/cron/${job.id}/edit`);
  const task = page.getByLabel('Task', { exact: true });
  await task.fill('A longer report');
  await callApi(gateway, `DELETE /api/cron/${job.id}`);
  await page.getByText('The schedule was deleted.').waitFor();
  await callApi(gateway, `DELETE /api/sessions/${chat}`);
  expect(await task.inputValue()).toBe('A longer report');
  await page.getByRole('button', { name: 'Create schedule' }).click();
  await page.getByRole('heading', { name: 'Report', exact: true }).waitFor();
  const { jobs } = await callApi<{ jobs: { message: string }[] }>(gateway, 'GET /api/cron');
  expect(jobs.map(({ message }) => message)).toEqual(['A longer report']);
  await page.goto(`${gateway.url}/#/chat`);
  await page.getByText('The chat was deleted. Your unsent text is in the box.').waitFor();
  expect(await page.getByRole('textbox', { name: 'Message' }).inputValue()).toBe('A draft');
});
