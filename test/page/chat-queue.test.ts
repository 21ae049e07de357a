/** What is sent while an answer is given: a queue in sight, changed, kept through a reload, and left in its order. */
import { expect, test } from 'vitest';
import { callsTools, says } from '../fakes/openai/reply.js';
import { noBrowser, openPage } from '../helpers/browser.js';
import { callApi, tokenOf } from '../helpers/page.js';
import { startPageWorld } from '../helpers/page-world.js';
import { greetSocket } from '../helpers/socket-client.js';

test.skipIf(noBrowser)('the queue is shown without the navigation too, edited, shortened, and survives a reload', async () => {
  const { gateway, model } = await startPageWorld();
  const page = await openPage(`${gateway.url}/#/chat?bare=1`, { allowedErrors: /WebSocket/ });
  const box = page.getByRole('textbox', { name: 'Message' });
  let open: (value?: unknown) => void = () => undefined;
  model.reply({ type: 'text', parts: ['begun ', 'done'], gate: { before: 1, until: new Promise((resolve) => (open = resolve)) } });
  model.replyAlways(says('Next answer'));
  await box.fill('First');
  await page.keyboard.press('Enter');
  await page.getByRole('article', { name: 'Agent' }).getByText('begun').waitFor();
  for (const text of ['Second', 'Third', 'Fourth']) {
    await box.fill(text);
    await page.keyboard.press('Enter');
  }
  const queue = page.locator('.queue > li');
  await expect.poll(() => queue.count()).toBe(3);
  await queue.filter({ hasText: 'Third' }).getByRole('button', { name: 'Cancel' }).click();
  await box.fill('A draft');
  await queue.filter({ hasText: 'Second' }).getByRole('button', { name: 'Edit and ask again' }).click();
  await expect.poll(() => box.inputValue()).toBe('Second\n\nA draft');
  await box.fill('Second, edited');
  await page.keyboard.press('Enter');
  await page.reload();
  await expect.poll(async () => (await queue.allInnerTexts()).map((text) => text.split('\n')[0])).toEqual(['Fourth', 'Second, edited']);
  open();
  await expect.poll(() => page.getByRole('article', { name: 'You' }).count()).toBe(3);
  await expect.poll(() => queue.count()).toBe(0);
  await expect.poll(() => model.requests.length).toBe(3);
  expect(model.requests.map(({ messages }) => messages.at(-1)?.content)).toEqual(['First', 'Fourth', 'Second, edited']);
});

test.skipIf(noBrowser)(
  'a message that is too long for the connection does not end it again and again: it waits to be shortened',
  async () => {
    const { gateway, talk } = await startPageWorld();
    const session = await talk('Question');
    // Of the same origin, and without the page's program: nothing else touches what is stored.
    const page = await openPage(`${gateway.url}/health`);
    // As if it had been pasted: a box of a megabyte takes longer to lay out than the rest of this test.
    const entry = { key: 'a-b-c-d', state: 'queued', content: `short at first ${'ü'.repeat(600_000)}` };
    await page.evaluate(`localStorage.setItem(${JSON.stringify(`xopc.outbox.${session}`)}, ${JSON.stringify(JSON.stringify([entry]))})`);
    let closed = 0;
    page.on('websocket', (socket) => socket.on('close', () => (closed += 1)));
    await page.goto(`${gateway.url}/#/chat/${encodeURIComponent(session)}`);
    await page.getByText('Too long to send').waitFor();
    await page.getByRole('textbox', { name: 'Message' }).fill('Another one');
    await page.keyboard.press('Enter');
    await page.getByRole('article', { name: 'Agent' }).last().getByText('Another one').waitFor();
    expect(closed).toBe(0);
    await page.getByRole('listitem').filter({ hasText: 'short at first' }).getByRole('button', { name: 'Edit and ask again' }).waitFor();
  },
);

test.skipIf(noBrowser)('what was taken back in one tab is not sent from another', async () => {
  const { gateway, model } = await startPageWorld();
  let goOn = (): void => undefined;
  const until = new Promise<void>((resolve) => (goOn = resolve));
  model.reply({ type: 'text', parts: ['First ', 'words'], gate: { before: 1, until } });
  const page = await openPage(gateway.url);
  await page.getByRole('textbox', { name: 'Message' }).fill('Question');
  await page.keyboard.press('Enter');
  await page.getByText('First').waitFor();
  for (const text of ['Taken back', 'Sent after all']) {
    await page.getByRole('textbox', { name: 'Message' }).fill(text);
    await page.keyboard.press('Enter');
  }
  const other = await page.context().newPage();
  await other.addInitScript(`window.written = [];
    const { setItem } = Storage.prototype;
    Storage.prototype.setItem = function (name, value) { window.written.push(name); setItem.call(this, name, value); };`);
  await other.goto(page.url());
  await other.getByText('Taken back').waitFor();
  await other.getByText('First').waitFor();
  await page.getByRole('button', { name: 'Cancel' }).first().click();
  await expect.poll(() => other.getByText('Taken back').count()).toBe(0);
  // A tab that only opens the chat stores nothing: its copy may be older than what is stored by then.
  expect(await other.evaluate("written.filter((name) => name.includes('outbox'))")).toEqual([]);
  goOn();
  for (const tab of [page, other]) {
    await tab.getByRole('article', { name: 'Agent' }).last().getByText('Sent after all').waitFor();
    await expect.poll(() => tab.getByRole('article', { name: 'You' }).count()).toBe(2);
  }
  expect(model.requests.length).toBe(2);
});

test.skipIf(noBrowser)('a tab keeps a message that another tab queued before it hears of it', async () => {
  const { gateway, model } = await startPageWorld();
  let goOn = (): void => undefined;
  const until = new Promise<void>((resolve) => (goOn = resolve));
  model.reply({ type: 'text', parts: ['First ', 'words'], gate: { before: 1, until } });
  const page = await openPage(gateway.url);
  const box = page.getByRole('textbox', { name: 'Message' });
  await box.fill('Question');
  await page.keyboard.press('Enter');
  await page.getByText('First').waitFor();
  const session = decodeURIComponent(new URL(page.url()).hash.split('/').at(-1) ?? '');
  const name = `xopc.outbox.${session}`;
  const entry = { key: 'a-b-c-d', state: 'queued', content: 'Of another tab' };
  // The storage tells every tab of a change but the one that makes it.
  await page.evaluate(`localStorage.setItem(${JSON.stringify(name)}, ${JSON.stringify(JSON.stringify([entry]))})`);
  await box.fill('Of this tab');
  await page.keyboard.press('Enter');
  await expect.poll(() => page.locator('.queue > li').count()).toBe(2);
  goOn();
  await expect
    .poll(() => model.requests.map(({ messages }) => messages.at(-1)?.content))
    .toEqual(['Question', 'Of another tab', 'Of this tab']);
});

test.skipIf(noBrowser)('a change of a message that waits in the queue is edited as a change of that message again', async () => {
  const { gateway, model, talk } = await startPageWorld();
  const session = await talk('Question');
  const path = `/api/sessions/${encodeURIComponent(session)}/messages`;
  const { messages } = await callApi<{ messages: { id: string }[] }>(gateway, `GET ${path}`);
  const page = await openPage(`${gateway.url}/health`);
  const entry = { key: 'a-b-c-d', state: 'failed', content: 'Changed', replaceFrom: messages[0]?.id };
  await page.evaluate(`localStorage.setItem(${JSON.stringify(`xopc.outbox.${session}`)}, ${JSON.stringify(JSON.stringify([entry]))})`);
  await page.goto(`${gateway.url}/#/chat/${encodeURIComponent(session)}`);
  const box = page.getByRole('textbox', { name: 'Message' });
  await box.fill('A draft');
  const takeUp = page.locator('.queue').getByRole('button', { name: 'Edit and ask again' });
  await takeUp.waitFor();
  // Not while another edit is in the box, which would be lost.
  await page.getByRole('article', { name: 'You' }).hover();
  await page.getByRole('article', { name: 'You' }).getByRole('button', { name: 'Edit and ask again' }).click();
  await expect.poll(() => box.inputValue()).toBe('Question');
  expect(await takeUp.count()).toBe(0);
  await page.keyboard.press('Escape');
  await takeUp.click();
  await expect.poll(() => box.inputValue()).toBe('Changed');
  await page.getByText('Editing').waitFor();
  model.reply(says('Another answer'));
  await box.fill('Changed again');
  await page.keyboard.press('Enter');
  await page.getByRole('article', { name: 'Agent' }).getByText('Another answer').waitFor();
  expect(
    model.requests
      .at(-1)
      ?.messages.filter(({ role }) => role === 'user')
      .map(({ content }) => content),
  ).toEqual(['Changed again']);
  expect(await box.inputValue()).toBe('A draft');
});

test.skipIf(noBrowser)('a message that /stop of another program takes back is said not to be sent, and can be sent again', async () => {
  const { gateway, model } = await startPageWorld({ agents: { defaults: { model: 'fake/one', permissions: { time: 'ask' } } } });
  model.reply(callsTools({ name: 'time', input: {} }), says('Answered after all'));
  const page = await openPage(gateway.url);
  const box = page.getByRole('textbox', { name: 'Message' });
  await box.fill('How late is it?');
  await page.keyboard.press('Enter');
  await page.getByRole('article', { name: /^Decision/ }).waitFor();
  await box.fill('Taken back');
  await page.keyboard.press('Enter');
  const sent = page.getByRole('article', { name: 'You' }).filter({ hasText: 'Taken back' });
  await sent.waitFor();
  const session = decodeURIComponent(page.url().split('/chat/')[1] ?? '');
  const program = await greetSocket(Number(new URL(gateway.url).port), { token: tokenOf(gateway) });
  program.send('send', { session, key: 'stop', content: '/stop please' });
  const queued = page.locator('.queue > li').filter({ hasText: 'Taken back' });
  await queued.getByText('the message was taken back').waitFor();
  await queued.getByRole('button', { name: 'Try again' }).click();
  await page.getByRole('article', { name: 'Agent' }).getByText('Answered after all').waitFor();
  expect(await queued.count()).toBe(0);
});
