import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Route } from 'playwright-core';
import { expect, onTestFinished, test } from 'vitest';
import { expectAccessible, noBrowser } from '../helpers/browser.js';
import { callApi, openView, pressInTurn } from '../helpers/page.js';
import { RealGateway, until } from '../helpers/real-gateway.js';
import { replaceFile } from '../helpers/replace-file.js';

interface Receiver {
  readonly url: string;
  /** HTTP status of its answers from now on. */
  answer: number;
  readonly received: string[];
}

async function startReceiver(): Promise<Receiver> {
  const receiver = { url: '', answer: 400, received: [] as string[] };
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      receiver.received.push(body);
      response.writeHead(receiver.answer).end();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  receiver.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return receiver;
}

/** With a webhook whose receiver refuses for good, and a message that it refused. */
async function startWithDeadMessage(): Promise<{ gateway: RealGateway; receiver: Receiver }> {
  const receiver = await startReceiver();
  const gateway = await RealGateway.start();
  const config = { channels: { webhook: { accounts: { hook: { url: receiver.url } } } } };
  replaceFile(join(gateway.xopcHome, 'config.json'), JSON.stringify(config));
  await until('the channel', async () => {
    const { channels } = await callApi<{ channels: { channel: string; state: string }[] }>(gateway, 'GET /api/channels');
    return channels.some(({ channel, state }) => channel === 'webhook' && state === 'running');
  });
  await callApi(gateway, 'POST /api/message', { channel: 'webhook', chat_id: 'room', content: '<b>Hello</b> room' });
  await until('the refusal', async () => {
    const { messages } = await callApi<{ messages: unknown[] }>(gateway, 'GET /api/messages?status=dead');
    return messages.length === 1;
  });
  return { gateway, receiver };
}

test.skipIf(noBrowser)('a message that was refused is seen with its reason, and dropped for good', { tags: ['long'] }, async () => {
  const { gateway } = await startWithDeadMessage();
  const page = await openView(gateway, '#/channels', { allowedErrors: /500/ });
  const [first, second] = [page.getByRole('list', { name: 'Channels' }).getByRole('listitem').first(), page.getByRole('dialog')];
  await first.getByRole('heading', { name: 'Webhook · hook' }).waitFor();
  await first.getByText('Delivery problems').waitFor();
  await expectAccessible(page);
  await first.getByRole('link', { name: /^Show messages/ }).click();
  await expect.poll(() => page.url()).toContain('status=dead');
  const table = page.getByRole('table', { name: 'Messages' });
  await table.getByText('the receiver answered 400').waitFor();
  await expectAccessible(page);
  // The rows of the last filter are marked until those of the next are there, and go when they cannot be read.
  const [filtered, held] = [page.locator('.filtered'), [] as Route[]];
  await page.route(/messages\?.*status=queued/, (route) => void held.push(route));
  await page.getByRole('radio', { name: 'Waiting' }).check();
  await expect.poll(() => filtered.getAttribute('aria-busy')).toBe('true');
  await expect.poll(() => held.length).toBe(1);
  await held[0]?.fulfill({ status: 500, json: {} });
  await page.getByRole('button', { name: 'Try again' }).waitFor();
  expect(await table.count()).toBe(0);
  await page.getByRole('radio', { name: /Not delivered/ }).check();
  await expect.poll(() => filtered.getAttribute('aria-busy')).toBe('false');
  await table.getByRole('link', { name: '<b>Hello</b> room' }).click();
  await second.getByText('the receiver answered 400').waitFor();
  await second.getByText('<b>Hello</b> room').waitFor();
  await expectAccessible(page);
  // A dropped message does not come back: the page asks first, and offers no undo.
  const confirm = page.getByRole('dialog', { name: 'Drop the message?' });
  await second.getByRole('button', { name: 'Drop' }).click();
  await confirm.getByText('This cannot be undone').waitFor();
  await expectAccessible(page);
  await confirm.getByRole('button', { name: 'Cancel' }).click();
  await second.getByRole('button', { name: 'Drop' }).click();
  await Promise.all([page.getByText('The message was dropped').waitFor(), confirm.getByRole('button', { name: 'Drop' }).click()]);
  await page.getByText('No messages').waitFor();
  expect(await page.getByRole('button', { name: 'Undo' }).count()).toBe(0);
});

test.skipIf(noBrowser)('a message that was refused is sent again by keyboard, once it can be', async () => {
  const { gateway, receiver } = await startWithDeadMessage();
  const page = await openView(gateway, '#/channels/messages?status=dead', { allowedErrors: /503/ });
  receiver.answer = 200;
  await page.getByRole('link', { name: '<b>Hello</b> room' }).focus();
  await page.keyboard.press('Enter');
  const error = { code: 'WORKER_NOT_READY', message: '' };
  await page.route('**/retry', (route) => route.fulfill({ status: 503, json: { error } }), { times: 1 });
  await page.getByRole('button', { name: 'Send again' }).press('Enter');
  // Where it was asked for.
  await page.getByRole('dialog').getByRole('alert').waitFor();
  await page.getByRole('button', { name: 'Send again' }).press('Enter');
  await page.getByText('No messages').waitFor();
  await page.getByRole('radio', { name: 'Not delivered' }).focus();
  for (const _ of ['Outcome unknown', 'Delivered']) await page.keyboard.press('ArrowRight');
  await page.getByRole('table', { name: 'Messages' }).getByText('<b>Hello</b> room').waitFor();
  expect(receiver.received).toHaveLength(2);
});

test.skipIf(noBrowser)('older messages that were read stay when a newer one arrives, until another status is chosen', async () => {
  const gateway = await RealGateway.start();
  const send = (content: string) => callApi(gateway, 'POST /api/message', { channel: 'webchat', chat_id: 'home', content });
  for (let number = 0; number < 51; number += 1) await send(`Number ${number}.`);
  const page = await openView(gateway, '#/channels/messages');
  const oldest = page.getByRole('link', { name: 'Number 0.' });
  await page.getByRole('link', { name: 'Number 50.' }).waitFor();
  expect(await oldest.count()).toBe(0);
  await page.getByRole('button', { name: 'Older messages' }).click();
  await oldest.waitFor();
  await send('**One** more');
  await page.getByRole('link', { name: 'One more' }).waitFor();
  expect(await oldest.count()).toBe(1);
  await page.getByRole('radio', { name: 'Delivered', exact: true }).check({ force: true });
  await oldest.waitFor({ state: 'detached' });
});

test.skipIf(noBrowser)(
  'beside a chat with a long name, a message and its time are in sight, and a chat of the page is a link',
  async () => {
    const gateway = await RealGateway.start();
    const chat = `main:webchat:default:direct:${'chat_'.padEnd(40, '0123456789')}`;
    await callApi(gateway, 'POST /api/message', { channel: 'webchat', chat_id: chat, content: 'The washing machine is done. '.repeat(6) });
    const page = await openView(gateway, '#/channels/messages');
    const row = page.getByRole('row').filter({ hasText: 'washing' });
    expect(await row.getByRole('link', { name: 'Web chat' }).getAttribute('href')).toBe(`#/chat/${encodeURIComponent(chat)}`);
    for (const width of [1_024, 768, 390]) {
      await page.setViewportSize({ width, height: 900 });
      const time = await row.getByRole('cell').last().boundingBox();
      expect((time?.x ?? width) + (time?.width ?? 0)).toBeLessThanOrEqual(width);
      expect((await row.getByRole('link').first().boundingBox())?.width).toBeGreaterThan(120);
    }
    await row.getByRole('link').first().click();
    await page.getByRole('dialog', { name: 'Message' }).getByText(chat).waitFor();
  },
);

test.skipIf(noBrowser)('the status lists issues with links to fix them, and says when there are none', { tags: ['long'] }, async () => {
  const { gateway } = await startWithDeadMessage();
  const chinese = await openView(gateway, '#/channels', { locale: 'zh-CN' });
  await chinese.getByText('过去一小时内有消息未送达。').waitFor();
  await chinese.getByText('接收方返回 400').waitFor();
  await chinese.evaluate(`location.hash = '#/status'`);
  await chinese.getByText('最近一小时内有 1 条消息未送达。最近的错误：接收方返回 400').waitFor();
  const page = await openView(gateway, '#/status');
  await page.getByRole('heading', { name: 'Webhook · hook has delivery problems' }).waitFor();
  await page.getByText('1 message not delivered in the last hour.').waitFor();
  await page.getByText('Details').click();
  await page.getByText('from the network; other machines need the token').waitFor();
  replaceFile(
    join(gateway.xopcHome, 'config.json'),
    '{ "channels": { "webhook": { "accounts": { "hook": { "url": "${NO_SUCH_URL}" } } } } }',
  );
  await page.getByRole('heading', { name: 'Part of the configuration is ignored' }).waitFor();
  await page.getByText(/refers to \$\{NO_SUCH_URL\}, which is not set/).waitFor();
  replaceFile(join(gateway.xopcHome, 'config.json'), '{}');
  await page.getByRole('heading', { name: 'Part of the configuration is ignored' }).waitFor({ state: 'detached' });
  replaceFile(join(gateway.xopcHome, 'config.json'), '{ "logs": { "level": "loud" } }');
  await page.getByRole('heading', { name: 'The configuration is invalid; the previous one stays in force' }).waitFor();
  await page.getByText(/logs\.level/).waitFor();
  await chinese.getByText(/logs\.level 值为 "loud"；.*；网关使用上一次有效的配置运行/).waitFor();
  await page.getByRole('link', { name: 'Open configuration' }).waitFor();
  await expectAccessible(page);
  await page.setViewportSize({ width: 1_440, height: 900 });
  await page.getByRole('link', { name: /^Show messages/ }).press('Enter');
  await page.getByRole('link', { name: '<b>Hello</b> room' }).click();
  await page.getByRole('button', { name: 'Drop' }).click();
  await page.getByRole('dialog', { name: 'Drop the message?' }).getByRole('button', { name: 'Drop' }).click();
  await page.getByText('No messages').waitFor();
  replaceFile(join(gateway.xopcHome, 'config.json'), '{}');
  await pressInTurn(page, 'g', 'u');
  await page.getByText('Everything works.').waitFor();
});

test.skipIf(noBrowser)('a channel is added in a few fields by keyboard, and works at once; a bot’s token is in no command', async () => {
  const receiver = await startReceiver();
  receiver.answer = 200;
  const gateway = await RealGateway.start();
  const page = await openView(gateway, '#/channels');
  await page.getByRole('button', { name: 'Set up Webhook' }).waitFor();
  await page.keyboard.press('n');
  const dialog = page.getByRole('dialog', { name: 'Add channel' });
  await dialog.getByLabel('Bot token').waitFor();
  await expectAccessible(page);
  await dialog.getByLabel('Channel').selectOption('Webhook: messages over HTTP');
  await dialog.getByLabel('Account').fill('hook');
  await dialog.getByLabel('Address').focus();
  await page.keyboard.type(receiver.url);
  await Promise.all([page.getByText('Webhook · hook saved').waitFor(), page.keyboard.press('Enter')]);
  await page.getByRole('heading', { name: 'Webhook · hook' }).waitFor();
  await callApi(gateway, 'POST /api/message', { channel: 'webhook', accountId: 'hook', chat_id: 'room', content: 'First' });
  await until('the message', () => receiver.received.length === 1);
  // Shown as a command instead of done: a real bot's server is on another machine.
  await page.keyboard.press('y');
  await page.getByText('Your next action is shown as a command').waitFor();
  await page.keyboard.press('n');
  await dialog.getByLabel('Bot token').fill('1234567:not-a-real-token-0123456789abcdefg');
  await dialog.getByRole('button', { name: 'Save' }).click();
  const command = page.getByRole('dialog', { name: 'The action as a command' });
  await command.getByText('printf %s "$BOT_TOKEN" | xopc config set channels.telegram.accounts.default.botToken -').waitFor();
  expect(await command.innerText()).not.toContain('not-a-real-token');
});

test.skipIf(noBrowser)('a test is sent through an account by keyboard, and the dialog says what became of it', async () => {
  const receiver = await startReceiver();
  const gateway = await RealGateway.start();
  const accounts = { hook: { url: receiver.url }, gone: { url: 'http://127.0.0.1:9/' } };
  replaceFile(join(gateway.xopcHome, 'config.json'), JSON.stringify({ channels: { webhook: { accounts } } }));
  const page = await openView(gateway, '#/channels');
  await page.getByRole('button', { name: 'Test Webhook · hook' }).focus();
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'Send a test through Webhook · hook' });
  await dialog.getByLabel('Chat id').waitFor();
  await expectAccessible(page);
  await page.keyboard.press('Enter');
  await dialog.getByText('the receiver answered 400').waitFor();
  const chinese = await openView(gateway, '#/channels', { locale: 'zh-CN' });
  await chinese.getByRole('button', { name: /· hook/ }).click();
  await chinese.getByRole('button', { name: '发送', exact: true }).click();
  await chinese.getByRole('dialog').getByText('接收方返回 400').waitFor();
  receiver.answer = 200;
  await dialog.getByLabel('Message').fill('Is it there?');
  await page.keyboard.press('Enter');
  await dialog.getByText('Delivered').waitFor();
  expect(JSON.parse(receiver.received.at(-1) ?? '')).toMatchObject({ data: { chat_id: 'test', content: 'Is it there?' } });
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Test Webhook · gone' }).click();
  await page.getByRole('button', { name: 'Send', exact: true }).click();
  await page
    .getByRole('dialog')
    .getByText(/connection refused: connect ECONNREFUSED/)
    .waitFor();
  await page.keyboard.press('Escape');
  // With a message that waits and fails, the account is not green.
  const heading = page.getByRole('heading', { name: 'Webhook · gone' });
  const broken = page.getByRole('list', { name: 'Channels' }).getByRole('listitem').filter({ has: heading });
  await broken.getByText(/ECONNREFUSED/).waitFor();
  await expect.poll(() => broken.locator('.status-dot.good').count()).toBe(0);
  await expect.poll(() => broken.getByRole('definition').nth(2).innerText()).toBe('1');
});
