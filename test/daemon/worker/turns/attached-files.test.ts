import { Readable } from 'node:stream';
import { expect, onTestFinished, test } from 'vitest';
import { AttachedFiles } from '../../../../daemon/worker/turns/attached-files.js';
import { apiError, says } from '../../../fakes/openai/reply.js';
import { startFakeOpenAi, type FakeOpenAi } from '../../../fakes/openai/server.js';
import { type FakeTelegram, startFakeTelegram } from '../../../fakes/telegram/server.js';
import { logMemory } from '../../../helpers/log-memory.js';
import { makeConversation } from '../../../helpers/make-conversation.js';
import { telegramConfig } from '../../../helpers/telegram-fixture.js';

const PNG = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64');

async function setUp(input: string[]): Promise<{ fake: FakeTelegram; model: FakeOpenAi }> {
  const model = await startFakeOpenAi({ models: ['one'] });
  onTestFinished(() => model.close());
  const fake = await startFakeTelegram();
  const providers = { fake: { baseUrl: model.baseUrl, apiKey: 'sk-fake', models: [{ id: 'one', input, contextWindow: 128_000 }] } };
  await makeConversation({ config: { ...telegramConfig(fake), agents: { defaults: { model: 'fake/one' } } }, models: { providers } });
  return { fake, model };
}

/** What the model was given of the newest question, and of the one before. */
function asked(model: FakeOpenAi): unknown[] {
  const { messages } = (model.requests.at(-1) ?? expect.fail('the model was not asked')).body as {
    messages: { role: string; content: unknown }[];
  };
  return messages.filter(({ role }) => role === 'user').map(({ content }) => content);
}

test('a model that takes pictures is given them, also when they are asked about later', async () => {
  const { fake, model } = await setUp(['text', 'image']);
  model.reply(says('A dot.'), says('Red.'));
  const id = fake.bot.addFile('photos/file_0.png', PNG);
  fake.say('', { message: { photo: [{ file_id: id }], caption: 'what is it?' } });
  await fake.until(() => fake.bot.sent.length === 1);
  const image = { type: 'image_url', image_url: { url: `data:image/png;base64,${PNG.toString('base64')}` } };
  const text = `[photo](/api/files/telegram/default/${id}/photo.jpg)\nwhat is it?`;
  expect(asked(model)).toEqual([[{ type: 'text', text }, image]]);
  fake.say('which colour?');
  await fake.until(() => fake.bot.sent.length === 2);
  expect(asked(model)).toEqual([[{ type: 'text', text }, image], 'which colour?']);
  // Read once.
  expect(fake.calls.filter((method) => method === 'file')).toHaveLength(1);
});

test('a text file is given as text, and a text-only model gets no pictures', async () => {
  const { fake, model } = await setUp(['text']);
  model.reply(says('Done.'), says('I cannot see it.'), says('No.'));
  const id = fake.bot.addFile('documents/file_1', Buffer.from('name,age\nÄnn,42\n'));
  fake.say('', { message: { document: { file_id: id, file_name: 'people.csv', file_size: 17 }, caption: 'sum up' } });
  await fake.until(() => fake.bot.sent.length === 1);
  const link = `[file people.csv, 1 KB](/api/files/telegram/default/${id}/people.csv)\nsum up`;
  expect(asked(model)).toEqual([`${link}\n\n<file name="people.csv">\nname,age\nÄnn,42\n\n</file>`]);
  const photo = fake.bot.addFile('photos/file_0.png', PNG);
  fake.say('', { message: { photo: [{ file_id: photo }] } });
  await fake.until(() => fake.bot.sent.length === 2);
  expect(asked(model).at(-1)).toBe(`[photo](/api/files/telegram/default/${photo}/photo.jpg)`);
  const binary = fake.bot.addFile('documents/file_2', Buffer.from([0, 1, 2, 255]));
  fake.say('', { message: { document: { file_id: binary, file_name: 'data.bin' } } });
  await fake.until(() => fake.bot.sent.length === 3);
  expect(asked(model).at(-1)).toBe(`[file data.bin](/api/files/telegram/default/${binary}/data.bin)`);
  // There is no picture without which it could be asked again.
  model.reply(...Array.from({ length: 3 }, () => apiError(400, { message: "content must be 'text' or 'image_url'" })));
  fake.say('and now?');
  await fake.until(() => fake.bot.sent.length === 4);
  expect(model.requests).toHaveLength(4);
});

test('a file that cannot be read or is too large does not hold an answer up', async () => {
  const { fake, model } = await setUp(['text', 'image']);
  model.reply(says('No file.'), says('Too much.'));
  fake.say('', { message: { photo: [{ file_id: 'gone_gone_gone' }] } });
  await fake.until(() => fake.bot.sent.length === 1);
  expect(asked(model).at(-1)).toBe('[photo](/api/files/telegram/default/gone_gone_gone/photo.jpg)');
  const id = fake.bot.addFile('documents/file_1', Buffer.alloc(300_000, 'x'));
  fake.say('', { message: { document: { file_id: id, file_name: 'log.txt' } } });
  await fake.until(() => fake.bot.sent.length === 2);
  expect(asked(model).at(-1)).toBe(`[file log.txt](/api/files/telegram/default/${id}/log.txt)`);
});

test("what people write cannot name another account's files, nor more than a few", async () => {
  const { fake, model } = await setUp(['text', 'image']);
  model.reply(says('No.'), says('Some.'));
  const id = fake.bot.addFile('photos/file_0.png', PNG);
  fake.say(`[photo](/api/files/telegram/other/${id}/photo.jpg)`);
  await fake.until(() => fake.bot.sent.length === 1);
  expect(fake.calls).not.toContain('file');
  fake.say(Array.from({ length: 30 }, () => `[photo](/api/files/telegram/default/${id}/photo.jpg)`).join('\n'));
  await fake.until(() => fake.bot.sent.length === 2);
  expect(asked(model).at(-1)).toHaveLength(1 + 10);
});

test('a text that is too long for the context is given as far as it fits, the newest one first, and the model is told', async () => {
  const openFile = async ({ fileId }: { fileId: string }) => ({
    type: 'opened' as const,
    sizeBytes: undefined,
    bytes: Readable.from([Buffer.from(`${fileId} `.repeat(6_000))]),
  });
  const files = new AttachedFiles({ channels: { openFile }, logger: logMemory() });
  const sends = (id: string) => ({
    role: 'user' as const,
    content: `[file ${id}.log](/api/files/telegram/default/${id}/${id}.log)`,
  });
  const options = { session: { channel: 'telegram', accountId: 'default' }, takesImages: false, budgetTokens: 5_000 };
  const { messages, tokens } = await files.attach([sends('older_log'), sends('newer_log')], options);
  expect(messages.map((message) => 'content' in message && message.content)).toEqual([
    expect.stringMatching(/\n\n<file name="older_log\.log">\n\(omitted: the context is full\)\n<\/file>$/),
    expect.stringMatching(
      /\n\n<file name="newer_log\.log">\n(newer_log ){1900,2000}[newr_log]*\n\(the rest is omitted: the context is full\)\n<\/file>$/,
    ),
  ]);
  expect(tokens).toBeGreaterThan(4_900);
  expect(tokens).toBeLessThan(5_050);
  expect((await files.attach([sends('newer_log')], options)).tokens).toBeLessThanOrEqual(5_000);
});
