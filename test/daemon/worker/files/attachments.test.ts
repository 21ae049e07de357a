import { expect, onTestFinished, test } from 'vitest';
import { HOUR_MS } from '../../../../shared/clock.js';
import { isOnPostgres } from '../../../helpers/store-engine.js';
import { classifyFile } from '../../../../daemon/worker/files/classify-file.js';
import { FILE_LIMITS } from '../../../../shared/file-limits.js';
import { says } from '../../../fakes/openai/reply.js';
import { startFakeOpenAi, type FakeOpenAi } from '../../../fakes/openai/server.js';
import { eventually } from '../../../helpers/eventually.js';
import { FakeClock } from '../../../helpers/fake-clock.js';
import { startHttpApp } from '../../../helpers/http-app.js';
import { ask, makeConversation, type TestConversation } from '../../../helpers/make-conversation.js';
import { openStore } from '../../../helpers/open-store.js';
import { greetSocket } from '../../../helpers/socket-client.js';
import { purgeUnsent } from '../../../../daemon/worker/store/conversations/attachments.js';
import { queriesOf } from '../../../../daemon/worker/store/transaction.js';

const PNG = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64');
const picture = { name: 'dot.png', mediaType: 'image/png', data: PNG.toString('base64') };
const recording = { name: 'a.ogg', mediaType: 'audio/ogg', data: Buffer.from('OggS\0\x02').toString('base64') };
const notes = { name: 'notes "1".md', mediaType: 'text/markdown', data: Buffer.from('Some *notes* ü').toString('base64') };

async function makeWorld(
  options: { clock?: FakeClock; isActive?: boolean } = {},
): Promise<{ model: FakeOpenAi; conversation: TestConversation; session: string }> {
  const model = await startFakeOpenAi({ models: ['sees', 'blind'] });
  onTestFinished(() => model.close());
  model.replyAlways(says('Seen'));
  const models = [{ id: 'sees', input: ['text', 'image'] }, { id: 'blind' }];
  const conversation = await makeConversation({
    ...options,
    config: { agents: { defaults: { model: 'fake/sees' } } },
    models: { providers: { fake: { baseUrl: model.baseUrl, apiKey: 'sk', models } } },
  });
  const { session } = await conversation.sessions.create({});
  return { model, conversation, session: session.key };
}

const lastAsked = ({ model }: { model: FakeOpenAi }): unknown =>
  model.requests.at(-1)?.messages.findLast(({ role }) => role === 'user')?.content;

test('files are kept before the message that they go with, shown with it, and given to the model', async () => {
  const world = await makeWorld();
  const { conversation, session, model } = world;
  const { port } = await startHttpApp({ services: conversation });
  const client = await greetSocket(port);
  client.send('watch', { session });
  const dot = await conversation.attachments.upload(session, picture);
  const text = await conversation.attachments.upload(session, notes);
  expect([dot, text]).toMatchObject([
    { name: 'dot.png', mediaType: 'image/png', size: PNG.length },
    { name: 'notes "1".md', mediaType: 'text/markdown', size: 15 },
  ]);
  client.send('send', { session, key: 'a', content: 'Look', attachments: [dot.id, text.id] });
  const { message } = await client.next('message', (frame) => frame.message.role === 'user');
  expect(message.attachments).toEqual([dot, text]);
  await client.next('turn', ({ state }) => state === 'done');
  expect(lastAsked(world)).toEqual([
    { type: 'text', text: 'Look\n\n<file name="notes _1_.md">\nSome *notes* ü\n</file>' },
    { type: 'image_url', image_url: { url: `data:image/png;base64,${picture.data}` } },
  ]);
  expect(await conversation.attachments.read(dot.id)).toMatchObject({ name: 'dot.png', content: PNG });
  // What was said before keeps its files; a model that sees nothing is told that there was something.
  await conversation.archive.change(session, { model: 'fake/blind' });
  client.send('send', { session, key: 'b', content: 'And?' });
  await client.next('turn', ({ state }) => state === 'done');
  const [first] = model.requests.at(-1)?.messages ?? [];
  expect(first?.content).toContain('[An image, "dot.png", was attached, but this model does not accept images.]');
  expect(first?.content).toContain('Some *notes*');
  // An edited message may keep the files of the one whose place it takes, and a copy of the session has them too.
  client.send('send', { session, key: 'c', content: 'Look again', replaceFrom: message.id, attachments: [dot.id] });
  const edited = await client.next('message', (frame) => frame.message.content === 'Look again');
  expect(edited.message.attachments).toMatchObject([{ name: 'dot.png' }]);
  expect(edited.message.attachments?.[0]?.id).not.toBe(dot.id);
  const copy = await conversation.archive.fork(session, edited.message.id);
  const [copied] = (await conversation.sessions.get(copy.key)).messages;
  expect(copied?.attachments).toMatchObject([{ name: 'dot.png', size: PNG.length }]);
});

test('the files of a message have the order in which it names them, whenever each was uploaded', async () => {
  const world = await makeWorld();
  const { conversation, session } = world;
  const { port } = await startHttpApp({ services: conversation });
  const client = await greetSocket(port);
  const upload = async (name: string) => (await conversation.attachments.upload(session, { ...notes, name })).id;
  const namesOf = async (content: string, rest: object): Promise<string[] | undefined> => {
    client.send('send', { session, key: content.replace(' ', '-'), content, ...rest });
    const { message } = await client.next('message', (frame) => frame.message.content === content);
    return message.attachments?.map(({ name }) => name);
  };
  client.send('watch', { session });
  const [c, a, b] = [await upload('c'), await upload('a'), await upload('b')];
  expect(await namesOf('Read', { attachments: [a, b, c] })).toEqual(['a', 'b', 'c']);
  await client.next('turn', ({ state }) => state === 'done');
  expect(lastAsked(world)).toMatch(/name="a"[^]*name="b"[^]*name="c"/);
  // A file that an edited message keeps stands before those that it adds.
  const d = await upload('d');
  const { messages } = await conversation.sessions.get(session);
  expect(await namesOf('Read again', { attachments: [c, d], replaceFrom: messages[0]?.id })).toEqual(['c', 'd']);
});

test('a program sends files with its message, stored together with it', async () => {
  const world = await makeWorld();
  const { conversation } = world;
  await ask(conversation, { message: 'See', session: 'p', attachments: [picture] });
  expect(lastAsked(world)).toMatchObject([{ text: 'See' }, { type: 'image_url' }]);
  const { messages } = await conversation.sessions.get('main:api:default:direct:p');
  expect(messages[0]?.attachments).toMatchObject([{ name: 'dot.png' }]);
  const refused = ask(conversation, {
    message: 'See',
    session: 'p',
    attachments: [{ ...picture, data: Buffer.from([1, 0, 2]).toString('base64') }],
  });
  await expect(refused).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
  await expect(ask(conversation, { message: 'Hear', session: 'p', attachments: [recording] })).rejects.toMatchObject({
    code: 'INVALID_REQUEST',
    message: "the file 'a.ogg' is a recording; attachments are images and text",
  });
  expect((await conversation.sessions.get('main:api:default:direct:p')).messages).toHaveLength(2);
});

test('of many images, those that fit into a request are read, the newest ones', async () => {
  const world = await makeWorld();
  const { conversation, model } = world;
  const store = await openStore({ home: conversation.home, isSoleWorker: () => false });
  const send = (message: string) =>
    ask(conversation, { message, session: 'p', attachments: [{ ...picture, name: `${message}.png` }, picture, notes] });
  for (const message of ['first', 'second', 'third']) await send(message);
  // They are chosen by the size that the list of files has, and only then read.
  await store.write((tx) =>
    queriesOf(tx).updateTable('attachments').set({ size: FILE_LIMITS.maxMediaBytes }).where('media_type', '=', 'image/png').execute(),
  );
  await store.write((tx) =>
    queriesOf(tx)
      .updateTable('attachments')
      .set({ content: Buffer.from('not read') })
      .where('name', '=', 'first.png')
      .execute(),
  );
  await send('fourth');
  const given = model.requests
    .at(-1)
    ?.messages.filter(({ role }) => role === 'user')
    .map(({ content }) => content) as unknown[];
  const text = '\n\n<file name="notes _1_.md">\nSome *notes* ü\n</file>';
  const leftOut = (what: string): string => `\n\n[${what} attached here, but left out: the request would be too large.]`;
  const image = { type: 'image_url', image_url: { url: `data:image/png;base64,${picture.data}` } };
  expect(given).toEqual([
    `first${text}${leftOut('2 images were')}`,
    [{ type: 'text', text: `second${text}${leftOut('An image was')}` }, image],
    [{ type: 'text', text: `third${text}` }, image, image],
    [{ type: 'text', text: `fourth${text}` }, image, image],
  ]);
});

test('files are purged with their session; an unsent one can be removed', async () => {
  const { conversation, session } = await makeWorld();
  const sent = await conversation.attachments.upload(session, picture);
  const taken = await conversation.attachments.upload(session, notes);
  await conversation.attachments.remove(taken.id);
  await expect(conversation.attachments.remove(taken.id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  const heard = await conversation.attachments.upload(session, recording);
  await conversation.chat.send({ session, key: 'a', content: 'Hi', attachments: [sent.id, heard.id] }, undefined);
  await expect(conversation.attachments.remove(sent.id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await expect(conversation.chat.send({ session, key: 'b', content: 'Hi', attachments: [taken.id] }, undefined)).rejects.toMatchObject({
    code: 'NOT_FOUND',
  });
  const store = await openStore({ home: conversation.home, isSoleWorker: () => false });
  expect((await conversation.attachments.read(heard.id)).content).toEqual(Buffer.from('OggS\0\x02'));
  await conversation.sessions.delete(session);
  await expect(conversation.attachments.read(sent.id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await conversation.sessions.restore(session);
  expect((await conversation.attachments.read(sent.id)).content).toEqual(PNG);
  await store.write((tx) => queriesOf(tx).deleteFrom('sessions').execute());
  expect(await store.read((tx) => queriesOf(tx).selectFrom('attachments').select('id').execute())).toEqual([]);
});

// On PostgreSQL the time is that of the database.
test.skipIf(isOnPostgres)('a file that is not sent within a day is purged', async () => {
  const clock = new FakeClock();
  const { conversation, session } = await makeWorld({ clock });
  const { id } = await conversation.attachments.upload(session, notes);
  const pass = async (hours: number): Promise<void> => {
    for (let hour = 0; hour < hours; hour += 1) {
      clock.advance(HOUR_MS);
      // A write comes after those of that hour: the disk keeps pace with the clock.
      await conversation.sessions.create({});
    }
  };
  await pass(23);
  expect((await conversation.attachments.read(id)).name).toBe(notes.name);
  await eventually(async () => {
    await pass(1);
    await expect(conversation.attachments.read(id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

test('the files of a message that was taken back are purged like unsent ones, and those of one that waits are kept', async () => {
  const { conversation, session } = await makeWorld({ isActive: false });
  const { attachments, chat, home, sessions } = conversation;
  const [waits, takenBack] = [await attachments.upload(session, picture), await attachments.upload(session, picture)];
  await chat.send({ session, key: 'a', content: 'Look', attachments: [waits.id] }, undefined);
  await chat.send({ session, key: 'b', content: 'The wrong one', attachments: [takenBack.id] }, undefined);
  expect(await chat.stop(session, 'b')).toBe(true);
  const store = await openStore({ home, isSoleWorker: () => false });
  const purge = () => store.write((tx) => purgeUnsent(tx, Number.MAX_SAFE_INTEGER));
  expect(await purge()).toBe(1);
  await expect(attachments.read(takenBack.id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await conversation.activate();
  await expect.poll(async () => (await sessions.get(session)).messages.at(-1)?.content).toBe('Seen');
  expect(await purge()).toBe(0);
  expect((await attachments.read(waits.id)).content).toEqual(PNG);
});

test.each([
  ['a program', { data: Buffer.from('\x7fELF\0\0').toString('base64') }, /neither an image .* nor UTF-8 text/],
  ['a picture by its name alone', { data: Buffer.from([0xff, 0xfe, 0]).toString('base64') }, /neither an image/],
  ['a photo of a phone', { data: Buffer.from('\0\0\0\x18ftypheic\0\0\0\0').toString('base64') }, /neither an image/],
  ['nothing', { data: '' }, /is empty/],
  [
    'a text that is too long',
    { data: Buffer.alloc(FILE_LIMITS.maxTextBytes + 1, 'a').toString('base64') },
    /limit for its type is 0\.5 MB/,
  ],
  [
    'a picture that is too large',
    { data: Buffer.concat([PNG, Buffer.alloc(FILE_LIMITS.maxMediaBytes)]).toString('base64') },
    /limit for its type is 4 MB/,
  ],
])('%s is refused with what to do', (_what, change, says) => {
  expect(() => classifyFile({ ...picture, ...change })).toThrow(
    expect.objectContaining({
      code: 'INVALID_REQUEST',
      message: expect.stringMatching(says) as string,
      hint: expect.any(String) as string,
    }),
  );
});

test('what a file is, its bytes say: a page is text, and a name changes nothing', () => {
  expect(classifyFile({ ...picture, mediaType: 'text/html' })).toMatchObject({ mediaType: 'image/png' });
  expect(classifyFile({ ...notes, mediaType: 'text/html' })).toMatchObject({ mediaType: 'text/plain' });
  expect(classifyFile({ ...notes, mediaType: 'image/svg+xml' })).toMatchObject({ mediaType: 'text/plain' });
  const recordings = ['M4A ', 'isom', 'mp42', 'iso5', 'qt  '].map((brand) =>
    Buffer.from(`\0\0\0\x18ftyp${brand}\0\0\0\0`).toString('base64'),
  );
  expect(recordings.map((data) => classifyFile({ ...picture, data }).mediaType)).toEqual(Array(5).fill('audio/mp4'));
});
