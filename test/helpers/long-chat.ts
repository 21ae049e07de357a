/** A worker with a chat that is too long for its model, and a second model that summarises it. */
import { expect, onTestFinished } from 'vitest';
import { listLeases } from '../../daemon/worker/store/leases.js';
import type { GatewayEvent } from '../../shared/api/gateway/events.js';
import type { SessionSummary } from '../../shared/api/session-archive.js';
import { startFakeOpenAi } from '../fakes/openai/server.js';
import { eventually } from './eventually.js';
import { openStore } from './open-store.js';
import { ask, type ConversationOptions, makeConversation, type TestConversation, type TurnResult } from './make-conversation.js';

const MAX_TOKENS = 500;
const PRICED = { input: 1, output: 10 };

const AT = '2026-02-03T04:05:06.000Z';

/**
 * Of a conversation of so many turns, whose first names the code of a lock.
 * @param output  of a tool that the last turn but one used
 */
export async function* longChat(turns: number, output?: string): AsyncGenerator<string> {
  yield JSON.stringify({ format: 'xopc-session', version: 1, title: 'Long' });
  for (let turn = 0; turn < turns; turn += 1) {
    const question = turn === 0 ? 'The code of the lock is 4711.' : `Question ${turn}: ${'words '.repeat(20)}`;
    const message = { createdAt: AT, status: 'complete' };
    yield `\n${JSON.stringify({ ...message, role: 'user', content: question, model: null })}`;
    if (output !== undefined && turn === turns - 2)
      yield `\n${JSON.stringify({ ...message, role: 'tool', content: `fetch {}\n\n${output}`, model: null })}`;
    yield `\n${JSON.stringify({ ...message, role: 'assistant', content: `Answer ${turn}: ${'more '.repeat(20)}`, model: 'fake/one' })}`;
  }
}

export interface LongChatOptions extends ConversationOptions {
  readonly turns?: number;
  /** Of both models, in tokens. */
  readonly contextWindow?: number;
  readonly output?: string;
  readonly defaults?: object;
  readonly cost?: object;
}

export async function makeLongChat(chat: LongChatOptions = {}) {
  const { turns = 60, contextWindow = 8_000, output, defaults = {}, cost = PRICED, ...options } = chat;
  const limits = { contextWindow, maxTokens: MAX_TOKENS };
  const servers = { chat: await startFakeOpenAi({ models: ['one'] }), memory: await startFakeOpenAi({ models: ['small'] }) };
  onTestFinished(async () => {
    await Promise.all([servers.chat.close(), servers.memory.close()]);
  });
  const events: GatewayEvent[] = [];
  const shared = {
    config: { agents: { defaults: { model: 'fake/one', summaryModel: 'memory/small', ...defaults } } },
    models: {
      providers: {
        fake: { baseUrl: servers.chat.baseUrl, apiKey: 'sk-fake', models: [{ id: 'one', ...limits }] },
        memory: { baseUrl: servers.memory.baseUrl, apiKey: 'sk-fake', models: [{ id: 'small', ...limits, cost }] },
      },
    },
    publish: (event: GatewayEvent) => void events.push(event),
    ...options,
  };
  const conversation = await makeConversation(shared);
  const { key } = await conversation.archive.import(longChat(turns, output), 'jsonl');
  /** @returns what the model was given */
  const send = async (message: string, to: TestConversation = conversation): Promise<{ turn: TurnResult; given: string }> => {
    servers.chat.reply({ type: 'text', parts: ['fine'] });
    const turn = await ask(to, { message, session: key });
    return { turn, given: (servers.chat.requests.at(-1)?.messages ?? []).map(({ content }) => content).join('\n') };
  };
  const store = await openStore({ home: conversation.home });
  /** Resolves once the worker that makes summaries of the chat has ended that. */
  const settled = async (): Promise<void> => {
    const leases = () => store.read((tx) => listLeases(tx, 'summary:%'));
    await eventually(async () => expect(await leases()).toEqual([]));
  };
  const list = (): Promise<SessionSummary[]> => conversation.sessions.summaries(key);
  return { ...servers, conversation, shared, key, events, send, settled, list };
}
