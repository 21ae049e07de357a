/** New chats: each is a conversation of its own. */
import type { Route } from 'playwright-core';
import { expect, test } from 'vitest';
import { noBrowser, openPage } from '../helpers/browser.js';
import { openView } from '../helpers/page.js';
import { startPageWorld } from '../helpers/page-world.js';
import { until } from '../helpers/real-gateway.js';

test.skipIf(noBrowser)('a new chat that has a model, a file and a draft is continued by no other new chat', async () => {
  const { gateway, model } = await startPageWorld();
  const page = await openPage(gateway.url);
  const box = page.getByRole('textbox', { name: 'Message' });
  const chips = page.getByRole('list', { name: 'Attached files' });
  await box.fill('For the first chat');
  await page.locator('input[type=file]').setInputFiles({ name: 'plan.txt', mimeType: 'text/plain', buffer: Buffer.from('the plan') });
  // The file makes the session, which is shown then.
  await expect.poll(() => page.url()).toContain('#/chat/main');
  await page.getByRole('button', { name: /^Model/ }).click();
  await page.getByRole('menuitemradio', { name: 'fake/two' }).click();
  await page.getByRole('button', { name: 'Model: fake/two' }).waitFor();

  const other = await page.context().newPage();
  await other.goto(gateway.url);
  const otherBox = other.getByRole('textbox', { name: 'Message' });
  for (const text of ['Unrelated', 'Also unrelated']) {
    await otherBox.fill(text);
    await otherBox.press('Enter');
    await other.getByRole('article', { name: 'Agent' }).getByText(text, { exact: true }).waitFor();
  }
  expect(await otherBox.inputValue()).toBe('');
  expect(JSON.stringify(model.requests)).not.toContain('the plan');
  expect(model.requests.map((request) => request.model)).toEqual(['one', 'one']);

  expect(await box.inputValue()).toBe('For the first chat');
  await box.press('Enter');
  await page.getByRole('article', { name: 'Agent' }).waitFor();
  await expect.poll(() => chips.count()).toBe(0);
  await expect.poll(() => model.requests.at(-1)?.model).toBe('two');
  expect(model.requests.at(-1)).toMatchObject({
    messages: expect.arrayContaining([{ role: 'user', content: expect.stringContaining('the plan') }]),
  });
  expect(JSON.stringify(model.requests.at(-1))).not.toContain('unrelated');
});

test.skipIf(noBrowser)('a new chat that the gateway cannot make at first is made without another connection', async () => {
  const { gateway, model } = await startPageWorld();
  const page = await openView(gateway, '#/chat', { allowedErrors: /Failed to load/ });
  await page.route('**/api/sessions', (route) => route.fulfill({ status: 503, json: {} }), { times: 1 });
  await page.getByRole('textbox', { name: 'Message' }).fill('Hello');
  await page.keyboard.press('Enter');
  await page.getByRole('article', { name: 'Agent' }).waitFor();
  await expect.poll(() => model.requests.length).toBe(1);
});

test.skipIf(noBrowser)('a new chat whose making fails only after the next connection is made', { tags: ['long'] }, async () => {
  const { gateway, model } = await startPageWorld();
  const page = await openView(gateway, '#/chat', { allowedErrors: /Failed to load|ERR_|WebSocket/ });
  let sockets = 0;
  page.on('websocket', (socket) =>
    socket.on('framereceived', ({ payload }) => void (String(payload).includes('"type":"hello"') && (sockets += 1))),
  );
  let call: Route | undefined;
  await page.route('**/api/sessions', (route) => void (call = route), { times: 1 });
  await page.getByRole('textbox', { name: 'Message' }).fill('Hello');
  await page.keyboard.press('Enter');
  await until('the call', () => call !== undefined);
  sockets = 0;
  process.kill(gateway.workerPid(), 'SIGKILL');
  await until('another connection', () => sockets > 0);
  await call?.abort();
  await page.getByRole('article', { name: 'Agent' }).waitFor();
  await expect.poll(() => model.requests.length).toBe(1);
});

test.skipIf(noBrowser)('beside a message that failed, each new chat has a session of its own', async () => {
  const { gateway } = await startPageWorld();
  const page = await openView(gateway, '#/chat', { allowedErrors: /Failed to load/ });
  await page.route('**/api/sessions', (route) => route.fulfill({ status: 500, json: {} }), { times: 1 });
  await page.getByRole('textbox', { name: 'Message' }).fill('Hello');
  await page.keyboard.press('Enter');
  await page.locator('.queue > li[data-state=failed]').waitFor();
  const addresses = new Set<string>();
  for (let chat = 1; chat <= 2; chat += 1) {
    await page.getByRole('button', { name: /^Model/ }).click();
    await page.getByRole('menuitemradio', { name: 'fake/two' }).click();
    await expect.poll(() => page.url()).toContain('#/chat/main');
    addresses.add(page.url());
    await page.getByRole('button', { name: 'New chat', exact: true }).click();
    await page.getByText('How can I help?').waitFor();
  }
  expect(addresses.size).toBe(2);
});
