/** Clients of every kind; each waits for its answer before it goes on. */
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import { LineSplitter } from '../../../shared/node/log/line-splitter.js';
import { ChatFollower } from '../../helpers/chat-follower.js';
import { sendAll } from '../../helpers/persistent-sender.js';
import { type RealGateway, until } from '../../helpers/real-gateway.js';
import type { Ledger } from './ledger.js';

export const INBOUND_TOKEN = 'inbound-token-0123456789';
const CHATS = 5;
const PAUSE_MS = 100;
const ANSWER_LIMIT_MS = 120_000;
const MAX_LINE_BYTES = 100_000;

export interface LoadContext {
  readonly gateway: RealGateway;
  readonly ledger: Ledger;
  readonly over: AbortSignal;
}

interface Call {
  readonly path: string;
  readonly body: object;
  readonly headers?: Record<string, string>;
}

function post(url: string, { path, body, headers }: Call): Promise<Response> {
  return fetch(url + path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(ANSWER_LIMIT_MS),
  });
}

/** Repeats a call that carries a key until it succeeds. @throws what is neither a connection's end nor "later" */
async function insist(url: string, call: Call): Promise<Record<string, unknown>> {
  for (;;) {
    try {
      const answer = await post(url, call);
      const json = (await answer.json()) as Record<string, unknown>;
      if (answer.ok) return json;
      if (![429, 502, 503].includes(answer.status)) throw new Error(`${call.path}: ${answer.status} ${JSON.stringify(json)}`);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
    }
    await delay(PAUSE_MS);
  }
}

async function repeat({ over, ledger }: LoadContext, kind: string, act: (number: number) => Promise<void>): Promise<void> {
  for (let number = 0; !over.aborted; number += 1) {
    await act(number);
    ledger.count(kind);
    await delay(PAUSE_MS);
  }
}

/** Messages to chats of an account, one a chat at a time. */
export function sendMessages(context: LoadContext, account: string): Promise<void> {
  return repeat(context, `messages to ${account}`, async (number) => {
    const texts = Array.from({ length: CHATS }, (_, chat) => ({
      channel: 'webhook',
      chatId: `${account}-${chat}`,
      content: `message ${number}`,
      key: `${account}-${chat}-${number}`,
      accountId: account,
    }));
    await sendAll(context.gateway.url, texts);
    context.ledger.messages.push(...texts);
  });
}

/** Questions from chats, whose answers come back to them. */
export function receiveQuestions(context: LoadContext): Promise<void> {
  return repeat(context, 'questions from chats', async (number) => {
    const chatId = `asks-${number % CHATS}`;
    const content = `question ${number}`;
    const headers = { Authorization: `Bearer ${INBOUND_TOKEN}` };
    await insist(context.gateway.url, { path: '/api/webhook/default', body: { chat_id: chatId, content, id: `evt-${number}` }, headers });
    context.ledger.questions.push({ chatId, content });
  });
}

/** A chat of the page. */
export async function chat(context: LoadContext): Promise<void> {
  const { gateway, ledger } = context;
  const { session } = (await (await fetch(`${gateway.url}/api/sessions`, { method: 'POST' })).json()) as { session: { key: string } };
  const follower = new ChatFollower(gateway.port, session.key);
  await repeat(context, 'chat messages', async (number) => {
    await until('the watch', () => follower.isCurrent, ANSWER_LIMIT_MS);
    const text = `line ${number}`;
    for (;;) {
      follower.send(`line-${number}`, text);
      const isSaid = until(`'${text}'`, () => [...follower.messages.values()].includes(`assistant: ${text}`), 10_000);
      if (await isSaid.catch(() => false)) return;
    }
  });
  const said = [...follower.messages].toSorted(([a], [b]) => a - b).map(([, text]) => text);
  const expected = Array.from({ length: said.length / 2 }, (_, number) => [`user: line ${number}`, `assistant: line ${number}`]).flat();
  if (JSON.stringify(said) !== JSON.stringify(expected)) ledger.faults.push(`chat of the page: ${said.slice(-6).join(', ')}`);
  ledger.faults.push(...follower.faults);
}

/** Questions with keys. */
export async function askAgent(context: LoadContext): Promise<void> {
  const { gateway } = context;
  await repeat(context, 'agent calls', async (number) => {
    const message = `ask ${number}`;
    const call = { path: '/api/agent', body: { message, session: 'soak' }, headers: { 'Idempotency-Key': `ask-${number}` } };
    expect(await insist(gateway.url, call)).toMatchObject({ reply: message });
  });
}

/** OpenAI's API, without keys: what a killed worker had accepted may fail. */
export function complete(context: LoadContext): Promise<void> {
  const body = { model: 'fake/one', messages: [{ role: 'user', content: 'completion' }] };
  return repeat(context, 'completions', async () => {
    try {
      const answer = await post(context.gateway.url, { path: '/v1/chat/completions', body });
      if (!answer.ok) context.ledger.fail(`/v1 ${answer.status}`);
      await answer.text();
    } catch (error) {
      context.ledger.fail(`/v1 ${(error as { cause?: { code?: string } }).cause?.code ?? String(error)}`);
    }
  });
}

/** They say where the stream is, with the id of the event before them. */
const POSITIONS = ['event: hello', 'event: reset', 'event: draining'];

/** Follows the events; none comes twice in a row. */
export async function followEvents({ gateway, ledger, over }: LoadContext): Promise<void> {
  let [id, last] = ['', ''];
  const take = (line: string): void => {
    if (line.startsWith('id: ')) id = line.slice(4);
    if (!line.startsWith('event: ')) return;
    if (id === last && !POSITIONS.includes(line)) ledger.faults.push(`the event ${id} came twice`);
    last = id;
  };
  while (!over.aborted) {
    try {
      const headers: Record<string, string> = last === '' ? {} : { 'Last-Event-ID': last };
      const answer = await fetch(`${gateway.url}/api/events`, { headers, signal: over });
      const lines = new LineSplitter(MAX_LINE_BYTES);
      for await (const chunk of answer.body ?? []) for (const line of lines.push(Buffer.from(chunk as Uint8Array))) take(line);
      ledger.count('event streams');
    } catch {
      // The load is over, or its worker was killed.
    }
    await delay(PAUSE_MS);
  }
}
