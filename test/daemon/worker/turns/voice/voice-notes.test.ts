import { expect, test } from 'vitest';
import type { Clock } from '../../../../../shared/clock.js';
import { VoiceNotes, type VoiceNotesOptions } from '../../../../../daemon/worker/turns/voice/voice-notes.js';
import { logMemory } from '../../../../helpers/log-memory.js';
import { says } from '../../../../fakes/openai/reply.js';
import { failure } from '../../../../fakes/telegram/server.js';
import { historyOf, makeVoice, TELEGRAM_SESSION, type VoiceFixture } from '../../../../helpers/voice-fixture.js';

const texts = ({ telegram }: VoiceFixture): string[] => telegram.bot.sent.map(({ text }) => text);
const asked = ({ model }: VoiceFixture): unknown[] => model.requests.flatMap(({ messages }) => messages.at(-1)?.content);

test('a voice message from Telegram becomes text, which the history, the title and the model have', async () => {
  const voice = await makeVoice();
  const { telegram, transcriber, model, speak } = voice;
  model.replyAlways(says('Yes.'));
  transcriber.reply({ text: ' Remind me\nto buy milk. ', usage: { type: 'duration', seconds: 4 } });
  const conversation = await voice.start({ language: 'en' });
  const line = speak();
  await telegram.until(() => telegram.bot.sent.length === 1);
  const question = `${line}\n[transcript] Remind me to buy milk.`;
  expect(await historyOf(conversation)).toEqual([`user: ${question}`, 'assistant: Yes.']);
  expect(asked(voice)).toEqual([question]);
  expect((await conversation.sessions.get(TELEGRAM_SESSION)).session.title).toBe('Remind me to buy milk.');
  expect(transcriber.heard).toMatchObject([
    { fields: { model: 'whisper', language: 'en', response_format: 'json' }, fileName: 'voice.ogg', mediaType: 'audio/ogg' },
  ]);
  expect(transcriber.heard[0]?.bytes.toString('latin1')).toBe('OggS\0spoken');
  expect(transcriber.heard[0]?.headers.authorization).toBe('Bearer sk-ears-secret');
  expect(conversation.log.entries.find(({ message }) => message === 'a recording was transcribed')).toMatchObject({
    fields: { seconds: 4 },
  });
  // Music and video messages are recordings, too; a photo and a film are none.
  const id = telegram.bot.addFile('music/file_1.mp3', Buffer.from('ID3'));
  telegram.say('', { message: { audio: { file_id: id, file_name: 'talk.mp3', duration: 9, file_size: 3 }, caption: 'sum up' } });
  telegram.say('', { message: { video_note: { file_id: id, duration: 2 } } });
  telegram.say('', { message: { video: { file_id: id } } });
  await telegram.until(() => telegram.bot.sent.length === 4);
  expect(asked(voice).slice(1)).toEqual([
    `[audio talk.mp3, 9 s, 1 KB](/api/files/telegram/default/${id}/talk.mp3)\n[transcript] transcript 2\nsum up`,
    `[video message, 2 s](/api/files/telegram/default/${id}/video.mp4)\n[transcript] transcript 3`,
    `[video](/api/files/telegram/default/${id}/video.mp4)`,
  ]);
  expect(transcriber.heard.map(({ fileName, mediaType }) => [fileName, mediaType])).toEqual([
    ['voice.ogg', 'audio/ogg'],
    ['talk.mp3', 'audio/mpeg'],
    ['video.mp4', 'video/mp4'],
  ]);
});

test('without a transcription model a recording is answered with what to set, and one with words as before', async () => {
  const voice = await makeVoice();
  const { telegram, transcriber, speak } = voice;
  const conversation = await voice.start({ model: undefined });
  const line = speak();
  await telegram.until(() => telegram.bot.sent.length === 1);
  const reason =
    'Recordings are not read here, because no transcription model is set. Write the message as text; the owner of this gateway can set transcription.model.';
  expect(texts(voice)).toEqual([`⚠️ ${reason}`]);
  expect(await historyOf(conversation)).toEqual([`user: ${line}`, `system: ${reason}`]);
  const logged = conversation.log.entries.find(({ message }) => message.includes('set transcription.model'));
  expect(logged).toMatchObject({ level: 'warn' });
  voice.model.reply(says('I cannot listen.'));
  const other = speak({ caption: 'who is it?' });
  await telegram.until(() => telegram.bot.sent.length === 2);
  expect(asked(voice)).toEqual([`${other}\nwho is it?`]);
  expect(transcriber.heard).toEqual([]);
});

test('what goes wrong is said in the chat and kept in the history, and the next message is heard', async () => {
  const voice = await makeVoice();
  const { telegram, transcriber, model, answerTo } = voice;
  model.replyAlways(says('Yes.'));
  const conversation = await voice.start({ maxSeconds: 60, maxBytes: 1_024 });
  const large = telegram.bot.addFile('voice/file_2.oga', Buffer.alloc(2_000));
  const line = '[voice message, 1 s](/api/files/telegram/default/gone_gone_gone/voice.ogg)';
  const lost =
    'The recording could not be read (Telegram answered 400: Bad Request: wrong file_id or the file is temporarily unavailable). Send it again.';
  expect(await answerTo({ voice: { file_id: 'gone_gone_gone', duration: 1 } })).toBe(`⚠️ ${lost}`);
  expect(await historyOf(conversation, 'main:telegram:default:direct:1001')).toEqual([`user: ${line}`, `system: ${lost}`]);
  expect(await answerTo({ voice: { file_id: large, duration: 1 } })).toBe(
    '⚠️ The recording is larger than 1024 bytes (transcription.maxBytes). Send a shorter one.',
  );
  expect(await answerTo({ voice: { file_id: telegram.bot.addFile('voice/file_3.oga', Buffer.from('OggS')), duration: 61 } })).toBe(
    '⚠️ The recording is 61 s long; the limit is 60 s (transcription.maxSeconds). Send a shorter one.',
  );
  expect(transcriber.heard).toEqual([]);
  transcriber.reply({ text: ' \n ' });
  expect(await answerTo()).toBe('⚠️ No words were recognised in the recording. Send it again, or write the message as text.');
  conversation.setConfig(voice.config({ model: 'deaf/one' }));
  expect(await answerTo()).toContain("deaf does not have OpenAI's API for transcriptions");
  conversation.setConfig(voice.config({ model: 'nobody/one' }));
  expect(await answerTo()).toContain("⚠️ The recording was not transcribed: the model 'nobody/one' cannot be used");
  conversation.setConfig(voice.config({}, { dailyUsd: 0 }));
  expect(await answerTo()).toContain('All agents together have spent the 0 US dollars of today');
  expect(transcriber.heard).toHaveLength(1);
  conversation.setConfig(voice.config());
  telegram.fault('file', failure(502, 'Bad Gateway'));
  expect(await answerTo()).toBe('Yes.');
  expect(model.requests).toHaveLength(1);
});

test('a worker that ends while it hears leaves the message to the next one, which transcribes it; what is stored is not heard again', async () => {
  const voice = await makeVoice();
  const { telegram, transcriber, model, speak } = voice;
  let release: (() => void) | undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  transcriber.reply(() => undefined, { text: 'Hello.' });
  const old = await voice.start({}, { instanceId: 'wk_old' });
  const line = speak();
  await transcriber.received(1);
  await old.quiesce();
  await old.close();
  expect(await transcriber.heard[0]?.ended).toBe('aborted');
  model.reply({ ...says('It is ', 'late'), gate: { before: 1, until: held } }, says('It is late'));
  const next = await voice.start({}, { home: old.home, instanceId: 'wk_next' });
  await model.received(1);
  await next.quiesce();
  await next.close();
  const last = await voice.start({}, { home: old.home, instanceId: 'wk_last' });
  await telegram.until(() => telegram.bot.sent.length === 1);
  release?.();
  const question = `${line}\n[transcript] Hello.`;
  expect(asked(voice)).toEqual([question, question]);
  expect(await historyOf(last)).toEqual([`user: ${question}`, 'assistant: It is late']);
  expect(transcriber.heard).toHaveLength(2);
});

test('a recording that is attached on the page becomes text; one without a transcript is heard when its message is sent again', async () => {
  const voice = await makeVoice();
  const { transcriber, model } = voice;
  model.replyAlways(says('Yes.'));
  const conversation = await voice.start();
  const { session } = await conversation.sessions.create({});
  const data = Buffer.from('1a45dfa300ff', 'hex');
  const recording = { name: 'voice.webm', mediaType: 'video/webm', data: data.toString('base64') };
  const note = await conversation.attachments.upload(session.key, recording);
  expect(note).toMatchObject({ mediaType: 'audio/webm', size: 6 });
  const live = new AbortController();
  const events = conversation.chat.watch(session.key, {}, live.signal)[Symbol.asyncIterator]();
  const send = async (key: string, content: string, replaceFrom?: string): Promise<string> => {
    const message = { session: session.key, key, content, attachments: [note.id], ...(replaceFrom === undefined ? {} : { replaceFrom }) };
    const { messageId } = await conversation.chat.send(message, undefined);
    for (;;) {
      const { value } = (await events.next()) as { value: { type: string; state?: string } };
      if (value.type === 'turn' && value.state !== 'running') return messageId;
    }
  };
  transcriber.reply({ text: '' }, { text: 'Hello.' }, { text: 'Hallo.' });
  const first = await send('a', 'voice.webm');
  const failed = 'system: No words were recognised in the recording. Send it again, or write the message as text.';
  expect(await historyOf(conversation, session.key)).toEqual(['user: voice.webm', failed]);
  await send('b', 'voice.webm', first);
  const heard = ['user: [recording voice.webm]\n[transcript] Hello.', 'assistant: Yes.'];
  expect(await historyOf(conversation, session.key)).toEqual(heard);
  expect((await conversation.sessions.get(session.key)).messages[0]?.attachments).toMatchObject([{ name: 'voice.webm' }]);
  await send('c', 'Translate:');
  expect((await historyOf(conversation, session.key)).slice(2)).toEqual(['user: Translate:\n[transcript] Hallo.', 'assistant: Yes.']);
  expect(asked(voice).at(-1)).toBe(
    'Translate:\n[transcript] Hallo.\n\n[A recording, "voice.webm", was attached. Only its transcript can be read, if there is one.]',
  );
  expect(transcriber.heard.map(({ fileName, bytes }) => [fileName, bytes.equals(data)])).toEqual(Array(3).fill(['voice.webm', true]));
  live.abort();
});

test('a message that is stopped while it is heard stays in the history, without a transcript and without an answer', async () => {
  const voice = await makeVoice();
  const { telegram, transcriber, model, speak } = voice;
  const conversation = await voice.start();
  const { session } = await conversation.sessions.create({});
  const data = Buffer.from('1a45dfa300ff', 'hex').toString('base64');
  const { id } = await conversation.attachments.upload(session.key, { name: 'voice.webm', mediaType: 'video/webm', data });
  const live = new AbortController();
  const events = conversation.chat.watch(session.key, {}, live.signal)[Symbol.asyncIterator]();
  transcriber.reply(() => undefined);
  await conversation.chat.send({ session: session.key, key: 'a', content: 'voice.webm', attachments: [id] }, undefined);
  await transcriber.received(1);
  expect(await conversation.chat.stop(session.key)).toBe(true);
  for (let state: unknown; state !== 'aborted';) ({ state } = ((await events.next()) as { value: { state?: unknown } }).value);
  live.abort();
  expect(await historyOf(conversation, session.key)).toEqual(['user: voice.webm']);
  transcriber.reply(() => undefined);
  const line = speak();
  await transcriber.received(2);
  telegram.say('/stop');
  await telegram.until(() => telegram.bot.sent.length > 0);
  const stopped = 'Stopped. What was written so far is kept in the session.';
  expect(texts(voice)).toEqual([stopped]);
  expect(await historyOf(conversation)).toEqual([`user: ${line}`, 'user: /stop', `assistant: ${stopped}`]);
  expect(model.requests).toEqual([]);
});

test('a recording that its server does not give yet is asked for again after growing waits', async () => {
  const waits: number[] = [];
  const clock: Clock = {
    now: () => 0,
    after(delayMs, callback) {
      waits.push(delayMs);
      queueMicrotask(callback);
      return () => undefined;
    },
  };
  const bytes = (async function* () {
    yield Buffer.from('OggS');
  })();
  const openFile = async () =>
    waits.length < 7 ? { type: 'failed' as const, reason: 'busy' } : { type: 'opened' as const, sizeBytes: 4, bytes };
  const settings = { model: 'ears/whisper', maxSeconds: 60, maxBytes: 1_024, timeoutMs: 1_000 };
  const transcriber = { settings, transcribe: () => Promise.resolve('Hello.') };
  const attachments: VoiceNotesOptions['attachments'] = { read: () => Promise.reject(new Error('not attached')) };
  const voice = new VoiceNotes({ clock, channels: { openFile }, attachments, transcriber, logger: logMemory() });
  const line = '[voice message, 1 s](/api/files/telegram/default/slow_slow_slow/voice.ogg)';
  const message = { id: 'msg_1', questionId: null, content: line, channel: 'telegram', accountId: 'default' };
  const question = await voice.questionOf({} as Parameters<VoiceNotes['questionOf']>[0], message, {
    session: undefined,
    account: { agent: undefined },
  });
  expect(await question.hear?.(new AbortController().signal)).toBe(`${line}\n[transcript] Hello.`);
  expect(waits).toEqual([250, 500, 1_000, 2_000, 4_000, 5_000, 5_000]);
  // In the call of a webhook such a line is what somebody wrote.
  const written = { ...message, content: line.replace('telegram', 'webhook'), channel: 'webhook' };
  const of = { session: undefined, account: { agent: undefined } };
  const tx = {} as Parameters<VoiceNotes['questionOf']>[0];
  expect(await voice.questionOf(tx, written, of)).toEqual({ text: written.content });
});
