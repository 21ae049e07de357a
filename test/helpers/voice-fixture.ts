/** A gateway's conversation part with a Telegram bot, a model, and a model that transcribes; all of them are fakes in the test's hands. */
import { onTestFinished } from 'vitest';
import { startFakeOpenAi, type FakeOpenAi } from '../fakes/openai/server.js';
import { type FakeTranscriber, startFakeTranscriber } from '../fakes/openai/transcriptions.js';
import { type FakeTelegram, startFakeTelegram } from '../fakes/telegram/server.js';
import { type ConversationOptions, makeConversation, type TestConversation } from './make-conversation.js';
import { telegramConfig } from './telegram-fixture.js';

export interface VoiceFixture {
  readonly telegram: FakeTelegram;
  readonly model: FakeOpenAi;
  readonly transcriber: FakeTranscriber;
  readonly config: (transcription?: object, agents?: object) => object;
  /** @param transcription  more settings; `model` undefined: none is set */
  readonly start: (transcription?: object, options?: ConversationOptions) => Promise<TestConversation>;
  /** Sends a voice message of four seconds. @returns its line in the conversation */
  readonly speak: (fields?: object) => string;
  /** Does the same in a chat of its own. @returns the answer there */
  readonly answerTo: (fields?: object) => Promise<string | undefined>;
}

export const TELEGRAM_SESSION = 'main:telegram:default:direct:42';

const FIRST_CHAT = 1_000;

export async function makeVoice(): Promise<VoiceFixture> {
  const model = await startFakeOpenAi({ models: ['one'] });
  onTestFinished(() => model.close());
  const transcriber = await startFakeTranscriber();
  const telegram = await startFakeTelegram();
  const config = (transcription: object = {}, agents: object = {}): object => ({
    ...telegramConfig(telegram),
    agents: { defaults: { model: 'fake/one' }, ...agents },
    transcription: { model: 'ears/whisper', ...transcription },
  });
  const models = {
    providers: {
      fake: { baseUrl: model.baseUrl, apiKey: 'sk', models: [{ id: 'one' }] },
      ears: { baseUrl: transcriber.baseUrl, apiKey: 'sk-ears-secret', models: [{ id: 'whisper', cost: { input: 1_000, output: 1_000 } }] },
      deaf: { baseUrl: transcriber.baseUrl, api: 'anthropic-messages', models: [{ id: 'one' }] },
    },
  };
  let chats = FIRST_CHAT;
  const speakIn = (chat: number, fields: object = {}): string => {
    const id = telegram.bot.addFile('voice/file_0.oga', Buffer.from('OggS\0spoken'));
    const message = { voice: { file_id: id, duration: 4, mime_type: 'audio/ogg' }, ...fields };
    telegram.say('', { chat: { id: chat, type: 'private' }, message });
    return `[voice message, 4 s](/api/files/telegram/default/${id}/voice.ogg)`;
  };
  return {
    telegram,
    model,
    transcriber,
    config,
    start: (transcription, options = {}) => makeConversation({ config: config(transcription), models, random: () => 0, ...options }),
    speak: (fields) => speakIn(42, fields),
    async answerTo(fields) {
      const chat = (chats += 1);
      const answer = (): string | undefined => telegram.bot.sent.find(({ chatId }) => chatId === chat)?.text;
      speakIn(chat, fields);
      await telegram.until(() => answer() !== undefined);
      return answer();
    },
  };
}

/** What was said in a session. */
export async function historyOf(conversation: TestConversation, session = TELEGRAM_SESSION): Promise<string[]> {
  const { messages } = await conversation.sessions.get(session);
  return messages.map(({ role, content }) => `${role}: ${content}`);
}
