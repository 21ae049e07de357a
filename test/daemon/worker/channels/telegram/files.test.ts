import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { findFileLinks } from '../../../../../daemon/worker/channels/file-links.js';
import { failure, type FakeTelegram, startFakeTelegram, TOKEN } from '../../../../fakes/telegram/server.js';
import { startHttpApp, type TestApp } from '../../../../helpers/http-app.js';
import { makeConversation, type TestConversation } from '../../../../helpers/make-conversation.js';
import { telegramConfig } from '../../../../helpers/telegram-fixture.js';

const SESSION = 'main:telegram:default:direct:42';
const PNG = Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47]), randomBytes(300_000)]);

interface World {
  readonly fake: FakeTelegram;
  readonly conversation: TestConversation;
  readonly app: TestApp;
  /** The link of the newest message. */
  readonly link: () => Promise<string>;
}

async function setUp(): Promise<World> {
  const fake = await startFakeTelegram();
  const conversation = await makeConversation({ config: telegramConfig(fake) });
  const app = await startHttpApp({ services: conversation });
  const link = async (): Promise<string> => {
    const { messages } = await conversation.sessions.get(SESSION);
    const content = messages.findLast(({ role }) => role === 'user')?.content ?? '';
    return /\]\((\/api\/files\/[^)]+)\)/.exec(content)?.[1] ?? '';
  };
  return { fake, conversation, app, link };
}

const get = (app: TestApp, path: string): Promise<Response> => fetch(`http://127.0.0.1:${app.port}${path}`);

test('a photo is a link to the gateway, which gives it as it is with Telegram', async () => {
  const { fake, app, link, conversation } = await setUp();
  const id = fake.bot.addFile('photos/file 0.jpg', PNG);
  fake.say('', { message: { photo: [{ file_id: 'thumbnail' }, { file_id: id }], caption: 'look' } });
  await fake.until(() => fake.bot.sent.length === 1);
  expect(await link()).toBe(`/api/files/telegram/default/${id}/photo.jpg`);
  expect((await conversation.sessions.get(SESSION)).session.title).toBe('[photo] look');
  const response = await get(app, await link());
  expect(response.status).toBe(200);
  expect(Buffer.from(await response.arrayBuffer()).equals(PNG)).toBe(true);
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'content-type': 'image/jpeg',
    'content-length': String(PNG.length),
    'content-disposition': 'inline; filename="photo.jpg"',
    'x-content-type-options': 'nosniff',
    'cross-origin-resource-policy': 'same-origin',
    'content-security-policy': expect.stringContaining("default-src 'none'"),
  });
});

test("a stranger's page is only saved, and a file with a strange name has a link of its own", async () => {
  const { fake, app, link } = await setUp();
  const id = fake.bot.addFile('documents/file_1.html', Buffer.from('<script>alert(1)</script>'));
  fake.say('', { message: { document: { file_id: id, file_name: '..\\"ü](x).html', file_size: 30 } } });
  await fake.until(() => fake.bot.sent.length === 1);
  const response = await get(app, await link());
  expect(response.headers.get('content-type')).toBe('application/octet-stream');
  expect(response.headers.get('content-disposition')).toMatch(/^attachment; filename="[\w.-]+\.html"$/);
});

test("a file that cannot be read is an error without the bot's token", async () => {
  const { fake, app, link } = await setUp();
  const id = fake.bot.addFile('documents/file_1.txt', Buffer.from('text'));
  fake.say('', { message: { document: { file_id: id, file_name: 'a.txt' } } });
  await fake.until(() => fake.bot.sent.length === 1);
  const path = await link();
  const tell = async (): Promise<unknown> => {
    const text = await (await get(app, path)).text();
    expect(text).not.toContain(TOKEN);
    return JSON.parse(text);
  };
  fake.fault('getFile', failure(429, 'Too Many Requests', { retry_after: 3 }), 'html');
  expect(await tell()).toMatchObject({ error: { code: 'UNAVAILABLE', message: expect.stringContaining('429') } });
  expect(await tell()).toMatchObject({ error: { code: 'UNAVAILABLE', message: expect.stringContaining('cannot be reached') } });
  fake.fault('file', failure(500, 'no'), failure(404, 'gone'));
  expect(await tell()).toMatchObject({ error: { code: 'UNAVAILABLE' } });
  expect(await tell()).toMatchObject({ error: { code: 'NOT_FOUND' } });
  fake.bot.files.clear();
  expect(await tell()).toMatchObject({ error: { code: 'NOT_FOUND', message: expect.stringContaining('wrong file_id') } });
  expect(JSON.stringify(app.lines)).not.toContain(TOKEN);
});

test('a partial file is an error, and the next request gets all of it', async () => {
  const { fake, app, link } = await setUp();
  const id = fake.bot.addFile('photos/file_0.jpg', PNG);
  fake.say('', { message: { photo: [{ file_id: id }] } });
  await fake.until(() => fake.bot.sent.length === 1);
  fake.fault('file', 'drop');
  await expect(get(app, await link()).then((response) => response.arrayBuffer())).rejects.toThrow();
  expect((await (await get(app, await link())).arrayBuffer()).byteLength).toBe(PNG.length);
});

test("paths outside of the bot's directory are refused", async () => {
  const { fake, app } = await setUp();
  await fake.until(() => fake.openPolls === 1);
  const id = fake.bot.addFile('../../etc/passwd', Buffer.from('x'));
  const local = fake.bot.addFile('/var/lib/telegram-bot-api/file_1', Buffer.from('x'));
  for (const [path, code] of [
    [`/api/files/telegram/default/${id}/a.txt`, 'NOT_FOUND'],
    [`/api/files/telegram/default/${local}/a.txt`, 'NOT_FOUND'],
    [`/api/files/telegram/none/${id}/a.txt`, 'CHANNEL_NOT_FOUND'],
    [`/api/files/webchat/default/${id}/a.txt`, 'NOT_FOUND'],
    ['/api/files/telegram/default/..%2F..%2Fx/a.txt', 'INVALID_REQUEST'],
    [`/api/files/telegram/default/${id}/a%22b.txt`, 'INVALID_REQUEST'],
  ] as const) {
    expect(await (await get(app, path)).json()).toMatchObject({ error: { code } });
  }
  expect(fake.calls).not.toContain('file');
});

test('links are found in lines of their own, and nothing else is parsed as one', () => {
  const link = '/api/files/telegram/default/AgACAgIA_x-1/photo.jpg';
  const file = { channel: 'telegram', accountId: 'default', fileId: 'AgACAgIA_x-1', name: 'photo.jpg', label: 'photo' };
  expect(findFileLinks(`[photo](${link})\nlook`)).toEqual([{ ...file, line: 0 }]);
  expect(findFileLinks(`[Ann] [photo](${link})\n[photo](${link})`)).toEqual([
    { ...file, line: 0 },
    { ...file, line: 1 },
  ]);
  for (const content of [`see [photo](${link})`, `[photo](${link}) there`, link, '[photo](/api/files/telegram/default/../x/y)']) {
    expect(findFileLinks(content)).toEqual([]);
  }
});
