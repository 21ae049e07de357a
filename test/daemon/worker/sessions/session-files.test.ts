import { expect, test } from 'vitest';
import type { SessionArchive } from '../../../../daemon/worker/sessions/session-archive.js';
import type { FileFormat } from '../../../../daemon/worker/sessions/session-file-writer.js';
import { appendMessage } from '../../../../daemon/worker/store/conversations/messages.js';
import { removeLeasesOf } from '../../../../daemon/worker/store/leases.js';
import { publishSession, stageSession } from '../../../../daemon/worker/store/conversations/session-import.js';
import { purgeSessions } from '../../../../daemon/worker/store/conversations/session-removal.js';
import { findSession } from '../../../../daemon/worker/store/conversations/sessions.js';
import { ask, makeConversation, type TestConversation } from '../../../helpers/make-conversation.js';
import { openStore } from '../../../helpers/open-store.js';

const KEY = 'main:api:default:direct:notes';

async function withTalk(): Promise<TestConversation> {
  const conversation = await makeConversation();
  for (const message of ['/help', '/status', 'Ünïcode 🎉']) await ask(conversation, { message, session: 'notes' });
  await conversation.archive.change(KEY, { title: 'Ünïcode 🎉 title', tags: ['work'] });
  return conversation;
}

async function exported(archive: SessionArchive, key: string, format: FileFormat): Promise<string> {
  let all = '';
  for await (const piece of (await archive.export(key, format)).text) all += piece;
  return all;
}

async function* pieces(text: string, length = 1_000): AsyncGenerator<string> {
  for (let at = 0; at < text.length; at += length) yield await Promise.resolve(text.slice(at, at + length));
}

test.each(['json', 'jsonl'] as const)('an export in %s that is imported is the same again', async (format) => {
  const { archive } = await withTalk();
  const file = await exported(archive, KEY, format);
  const imported = await archive.import(pieces(file, 7), format);
  expect(imported).toMatchObject({ channel: 'webchat', title: 'Ünïcode 🎉 title', messageCount: 6, tags: ['work'], unread: false });
  const again = await exported(archive, imported.key, format);
  if (format === 'jsonl') expect(again).toBe(file);
  const { channel, exportedAt, ...rest } = JSON.parse(await exported(archive, KEY, 'json')) as Record<string, unknown>;
  expect({ channel, exportedAt }).toMatchObject({ channel: 'api' });
  expect(JSON.parse(await exported(archive, imported.key, 'json'))).toMatchObject({ ...rest, channel: 'webchat' });
  // An agent that is not here any more: the default one goes on.
  expect(await archive.import(pieces(file.replace('"agentId":"main"', '"agentId":"elsewhere"')), format)).toMatchObject({
    agentId: 'main',
  });
});

test('a Markdown export names the author of each message', async () => {
  const { archive } = await withTalk();
  const text = await exported(archive, KEY, 'markdown');
  expect(text).toMatch(/^# .+\n\n## User, \d{4}-\d\d-\d\dT[^\n]+\n\n\/help\n/);
  expect(text).toContain('## Agent (xopc/guide), ');
});

const HEADER = '{"format":"xopc-session","version":1,"title":"Long"}\n';
const line = (content: string): string =>
  `${JSON.stringify({ role: 'user', content, createdAt: '2026-01-02T03:04:05.678Z', model: null, status: 'complete' })}\n`;

test('an error at the end of a long file leaves nothing of the import', async () => {
  const { archive, sessions } = await makeConversation();
  const long = HEADER + line('x'.repeat(1_000)).repeat(1_000);
  for (const end of ['{"role":"nobody"}\n', 'no JSON\n', '{"__proto__":{}}\n']) {
    await expect(archive.import(pieces(long + end, 65_536), 'jsonl')).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
  }
  const cut = async function* (): AsyncGenerator<string> {
    yield* pieces(long);
    throw new Error('the client went away');
  };
  await expect(archive.import(cut(), 'jsonl')).rejects.toThrow('went away');
  expect((await sessions.list({ search: 'is:any' })).sessions).toEqual([]);
  expect((await sessions.list({ deleted: true })).sessions).toEqual([]);
  expect(await archive.import(pieces(long, 65_536), 'jsonl')).toMatchObject({ messageCount: 1_000, title: 'Long' });
});

test('a text with NUL and half of a surrogate pair, as models may write them, survives', async () => {
  const { archive, sessions } = await makeConversation();
  const { key } = await archive.import(pieces(`${HEADER}${line('a\u0000b')}${line('half \ud83d')}`), 'jsonl');
  expect((await sessions.get(key)).messages.map(({ content }) => content)).toEqual(['a\u0000b', 'half \ufffd']);
});

test('an unfinished import is invisible, kept while its instance lives, and purged after that', async () => {
  const store = await openStore();
  const staged = { key: 'k', agentId: 'main', channel: 'webchat', accountId: 'default', peerKind: 'direct', peerId: 'p' };
  const { id } = await store.write((tx) => stageSession(tx, { ...staged, nowMs: 1_000, instanceId: 'dead' }));
  const message = { sessionId: id, turnId: null, role: 'user', content: 'x', model: null, status: 'complete', nowMs: 1_000 } as const;
  await store.write((tx) => appendMessage(tx, { ...message, id: 'm' }));
  expect(await store.read((tx) => findSession(tx, 'k'))).toBeUndefined();
  expect(await store.write((tx) => purgeSessions(tx, 5_000))).toBe(0);
  await store.write((tx) => removeLeasesOf(tx, 'dead'));
  expect(await store.write((tx) => purgeSessions(tx, 5_000))).toBe(2);
  expect(await store.write((tx) => publishSession(tx, { ...staged, id, instanceId: 'dead' }))).toBe(false);
});

const PNG = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64');
const FILES = [
  { name: 'notes "1".md', mediaType: 'text/markdown', data: Buffer.from('Some *notes* ü').toString('base64') },
  { name: 'dot.png', mediaType: 'image/png', data: PNG.toString('base64') },
  // Larger than what is written at once, and no whole number of it.
  { name: 'long.txt', mediaType: 'text/plain', data: Buffer.from('x'.repeat(200_001)).toString('base64') },
];

async function withFiles(): Promise<TestConversation> {
  const conversation = await makeConversation();
  await ask(conversation, { message: '/help', session: 'notes', attachments: FILES });
  await ask(conversation, { message: '/status', session: 'notes' });
  return conversation;
}

test.each(['json', 'jsonl'] as const)('files go with an export in %s, and come back from it byte for byte', async (format) => {
  const { archive, sessions, attachments } = await withFiles();
  const file = await exported(archive, KEY, format);
  const first = format === 'json' ? (JSON.parse(file) as { messages: unknown[] }).messages[0] : JSON.parse(file.split('\n')[1] ?? '');
  expect(first).toMatchObject({ role: 'user', content: '/help', attachments: FILES });
  const imported = await archive.import(pieces(file, 65_536), format);
  const { messages } = await sessions.get(imported.key);
  expect(messages.map(({ attachments: notes = [] }) => notes.map(({ name }) => name))).toEqual([FILES.map(({ name }) => name), [], [], []]);
  const read = await Promise.all((messages[0]?.attachments ?? []).map(({ id }) => attachments.read(id)));
  expect(read.map(({ content, ...rest }) => ({ ...rest, data: content.toString('base64') }))).toEqual(
    FILES.map(({ name, mediaType, data }) => expect.objectContaining({ name, mediaType, data })),
  );
  if (format === 'jsonl') expect(await exported(archive, imported.key, format)).toBe(file);
  else expect(JSON.parse(await exported(archive, imported.key, format))).toMatchObject({ messages: [first, {}, {}, {}] });
});

test('an export with files comes in small pieces, and one for people names them', async () => {
  const { archive } = await withFiles();
  for await (const piece of (await archive.export(KEY, 'json')).text) expect(piece.length).toBeLessThan(70_000);
  expect(await exported(archive, KEY, 'markdown')).toMatch(
    /## User, \S+\n\nFiles: notes "1"\.md \(15 bytes\), dot\.png \(70 bytes\), long\.txt \(200001 bytes\)\n\n\/help\n/,
  );
});

test('an import with an invalid file leaves nothing', async () => {
  const { archive, sessions } = await makeConversation();
  const withFile = (attachments: unknown): string => line('x').replace('}\n', `,"attachments":${JSON.stringify(attachments)}}\n`);
  const [good] = FILES;
  const film = { ...good, data: Buffer.from('RIFF\0\0\0\0AVI LIST').toString('base64') };
  for (const wrong of [[film], [{ ...good, data: 'no base64!' }], [{ ...good, path: '/etc/passwd' }], Array(9).fill(good), 'x']) {
    await expect(archive.import(pieces(HEADER + withFile([good]) + withFile(wrong)), 'jsonl')).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
    });
  }
  expect((await sessions.list({ search: 'is:any' })).sessions).toEqual([]);
});
