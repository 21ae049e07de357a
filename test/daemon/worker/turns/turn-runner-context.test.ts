import { expect, test } from 'vitest';
import type { ModelMessage, Provider } from '../../../../daemon/worker/providers/provider.js';
import type { Tool } from '../../../../daemon/worker/tools/tool.js';
import { estimateRequest } from '../../../../daemon/worker/turns/model/context.js';
import type { TurnEvent } from '../../../../daemon/worker/turns/turn-event.js';
import { candidate, makeTurns, says } from '../../../helpers/turns-fixture.js';

const never = new AbortController().signal;

async function collect(events: AsyncIterable<TurnEvent>): Promise<TurnEvent[]> {
  const all: TurnEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}

/** A model that refuses what is longer than its context, which it names or not. */
function small(limitTokens: number, isNamed: boolean) {
  const asked: number[] = [];
  const stream: Provider['stream'] = async function* ({ messages }) {
    // Three characters a token, so that our estimates are too low.
    const usedTokens = Math.ceil(JSON.stringify(messages).length / 3);
    asked.push(messages.length);
    if (usedTokens <= limitTokens) yield* says('fine');
    else {
      const context = isNamed ? { limitTokens, usedTokens } : { limitTokens: null, usedTokens: null };
      yield { type: 'failed', failure: { kind: 'tooLong', status: 400, detail: 'too long', retryAfterMs: null, context } };
    }
  };
  return { asked, model: candidate(stream) };
}

test.each([true, false])('a session past an unknown context goes on with its newest part (limit named: %s)', async (isNamed) => {
  const { turns, request } = await makeTurns();
  const { model, asked } = small(4_000, isNamed);
  const ask = async (text: string): Promise<TurnEvent | undefined> => (await collect(turns.start(request(model, { text }), never))).at(-1);
  for (let turn = 0; turn < 12; turn += 1)
    expect(await ask(`${turn} ${'words '.repeat(400)}`)).toMatchObject({ type: 'done', reply: 'fine' });
  const refused = asked.filter((count, index) => index > 0 && count < (asked[index - 1] ?? 0)).length;
  // What is learned once holds for the turns after it.
  expect(refused).toBeLessThanOrEqual(2);
});

test('a message that is too long by itself is sent twice, and the error says what helps there', async () => {
  const { turns, request } = await makeTurns();
  const { model, asked } = small(1_500, true);
  const text = 'words '.repeat(4_000);
  const last = async (asker: 'chat' | 'program' | 'job'): Promise<string> => {
    const event = (await collect(turns.start(request(model, { text, asker }), never))).at(-1);
    return event?.type === 'error' ? event.error.message : '';
  };
  expect(await last('chat')).toBe(
    "The conversation is too long for 'one' of fake. Start a new one with /new, or send a shorter message. It said: too long",
  );
  expect(asked).toEqual([1, 1]);
  expect(await last('program')).toContain('by sending /new as the message, name another session');
  expect(await last('job')).toContain("Shorten the job's message");
});

/** Tools that take `count` times 276 of our tokens. */
function manyTools(count: number): Tool[] {
  return Array.from({ length: count }, (_, index) => ({
    definition: { name: `read_${index}`, description: 'x'.repeat(1_000), inputSchema: { type: 'object' } },
    hasEffects: false,
    isRepeatable: true,
    isBuiltIn: false,
    run: async () => 'The door is open.',
  }));
}

test('tools that take all of an unknown context leave some of it to the conversation, and the log says it once', async () => {
  const tools = manyTools(100);
  const shares: number[] = [];
  const { turns, request, logger } = await makeTurns({
    others: { toolsFor: async () => tools, whyMissing: () => undefined },
    noteFill: ({ share }) => shares.push(share),
  });
  const asked: (readonly ModelMessage[])[] = [];
  const model = candidate(async function* ({ messages }) {
    asked.push(messages);
    const isQuestion = messages.at(-1)?.role === 'user';
    if (isQuestion) yield { type: 'toolCall', call: { id: `c${asked.length}`, name: 'read_7', input: {} } };
    yield* says(...(isQuestion ? [] : ['fine']));
  });
  for (const text of ['first', 'second']) await collect(turns.start(request(model, { text }), never));
  expect(asked).toHaveLength(4);
  expect(asked.at(-1)).toMatchObject([
    { role: 'user', content: 'first' },
    { role: 'toolCalls' },
    { role: 'toolResults', results: [{ output: 'The door is open.' }] },
    { role: 'assistant', content: 'fine' },
    { role: 'user', content: 'second' },
    { role: 'toolCalls' },
    { role: 'toolResults', results: [{ output: 'The door is open.' }] },
  ]);
  expect(Math.max(...shares)).toBeLessThan(0.6);
  const warned = logger.entries.filter(({ level }) => level === 'warn');
  expect(warned).toMatchObject([
    {
      fields: { agentId: 'main', model: 'fake/one', tools: 102 },
      message: expect.stringContaining('leave little of the context') as string,
    },
  ]);
});

test.each([
  [null, 108],
  [4_096, 90],
])('a conversation next to many tools stays within a known context (limit of the answer: %s)', async (maxTokens, count) => {
  const limitTokens = 32_768;
  const tools = manyTools(count);
  const { turns, request } = await makeTurns({ others: { toolsFor: async () => tools, whyMissing: () => undefined } });
  const requests: number[] = [];
  const strict = candidate(async function* (asked) {
    const usedTokens = estimateRequest(asked) + (asked.maxTokens ?? 0);
    requests.push(usedTokens);
    const context = { limitTokens, usedTokens };
    if (usedTokens <= limitTokens) yield* says('fine');
    else yield { type: 'failed', failure: { kind: 'tooLong', status: 400, detail: 'too long', retryAfterMs: null, context } };
  });
  const model = 'model' in strict ? { ...strict, model: { ...strict.model, contextWindow: limitTokens, maxTokens } } : strict;
  for (let turn = 0; turn < 8; turn += 1) {
    const text = `${turn} ${'words '.repeat(700)}`;
    expect((await collect(turns.start(request(model, { text }), never))).at(-1)).toMatchObject({ type: 'done', reply: 'fine' });
  }
  expect(requests).toHaveLength(8);
  expect(Math.max(...requests)).toBeGreaterThan(30_000);
});
