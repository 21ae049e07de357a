/** What becomes of responses in the background when their worker stops or dies. */
import { expect, onTestFinished, test } from 'vitest';
import type { ResponseDocument } from '../../../../shared/api/responses/document.js';
import type { ResponseEvent } from '../../../../shared/api/responses/events.js';
import { queriesOf } from '../../../../daemon/worker/store/transaction.js';
import { chunk, type ReplayServer, saying, startReplay, usageChunk } from '../../../fakes/openai/replay.js';
import { eventually } from '../../../helpers/eventually.js';
import { makeConversation, type TestConversation } from '../../../helpers/make-conversation.js';
import { openStore } from '../../../helpers/open-store.js';
import { tempDir } from '../../../helpers/temp-dir.js';

const CALLER = { session: undefined, idempotency: undefined, owner: null, viewer: undefined };
const REQUEST = { model: 'up/one', input: 'x' };
const held = { chunks: [chunk({ content: 'Hel' })], isHeld: true };
const name = (id: string) => ({ id, viewer: undefined });

interface World {
  readonly home: string;
  readonly upstream: ReplayServer;
  /** Starts a worker that takes all others for dead, except those that are named. */
  worker(instanceId: string, living?: readonly string[]): Promise<TestConversation>;
}

async function makeWorld(): Promise<World> {
  const upstream = await startReplay();
  const home = tempDir();
  const models = { providers: { up: { baseUrl: upstream.baseUrl, models: [{ id: 'one' }] } } };
  const config = { agents: { defaults: { model: 'up/one' } } };
  const worker: World['worker'] = (instanceId, living = []) =>
    makeConversation({ home, config, models, instanceId, liveInstanceIds: () => [instanceId, ...living] });
  return { home, upstream, worker };
}

async function enqueue({ responses }: TestConversation, request: object = REQUEST): Promise<ResponseDocument> {
  return responses.enqueue(await responses.prepare({ ...REQUEST, ...request, background: true }, CALLER), CALLER);
}

/** Reads a stream until an event of that type, or to its end. */
async function readUntil(
  { responses }: TestConversation,
  id: string,
  { after = -1, type }: { after?: number; type?: string },
): Promise<ResponseEvent[]> {
  const leave = new AbortController();
  onTestFinished(() => leave.abort());
  const read: ResponseEvent[] = [];
  for await (const events of await responses.follow(name(id), after, leave.signal)) {
    read.push(...(events ?? []));
    if (read.some((event) => event.type === type)) break;
  }
  return read;
}

const textOf = (events: readonly ResponseEvent[]): string => events.map((event) => ('delta' in event ? event.delta : '')).join('');
const numbers = (events: readonly ResponseEvent[]): number[] => events.map((event) => event.sequence_number);

test('a response whose worker dies is written again; a stream goes on after the last event, and from the beginning has the answer once', async () => {
  const { upstream, worker } = await makeWorld();
  upstream.play(held, { chunks: [], isHeld: true }, saying('Hello', ' you'));
  const first = await worker('wk_a');
  const { id } = await enqueue(first);
  const seen = await readUntil(first, id, { type: 'response.output_text.delta' });
  expect(textOf(seen)).toBe('Hel');
  // It dies before the model says a word.
  await worker('wk_b');
  await eventually(() => expect(upstream.bodies).toHaveLength(2));
  const second = await worker('wk_c');
  const after = seen.at(-1)?.sequence_number ?? -1;
  const rest = await readUntil(second, id, { after });
  expect(rest[0]).toMatchObject({ type: 'response.in_progress', sequence_number: after + 2, response: { output: [] } });
  expect([textOf(rest), rest.at(-1)?.type]).toEqual(['Hello you', 'response.completed']);
  const whole = await readUntil(second, id, {});
  expect(whole.map(({ type }) => type).slice(0, 3)).toEqual(['response.created', 'response.queued', 'response.in_progress']);
  expect(whole.slice(2)).toEqual(rest);
  expect(numbers(whole)).toEqual(numbers(whole).toSorted((a, b) => a - b));
  expect(await second.responses.get(name(id))).toMatchObject({ status: 'completed', output: [{ content: [{ text: 'Hello you' }] }] });
});

test('a worker that stops releases what it writes, and the next one writes it; that is no attempt', async () => {
  const { upstream, worker } = await makeWorld();
  upstream.play(held, held, held, held, saying('Hello'));
  let current = await worker('wk_0');
  const { id } = await enqueue(current);
  for (let generation = 1; generation <= 4; generation += 1) {
    // The events of the worker before stay until the response is claimed.
    await eventually(() => expect(upstream.bodies).toHaveLength(generation));
    const next = await worker(`wk_${generation}`, [`wk_${generation - 1}`]);
    await current.quiesce();
    expect(await current.drain(0)).toBe(1);
    current = next;
  }
  expect((await readUntil(current, id, {})).at(-1)?.type).toBe('response.completed');
});

test('after its third worker a response fails, and says why', async () => {
  const { upstream, worker } = await makeWorld();
  upstream.play(held, held, held, saying('never'));
  const first = await worker('wk_0');
  const { id } = await enqueue(first);
  await readUntil(first, id, { type: 'response.output_text.delta' });
  for (const instanceId of ['wk_1', 'wk_2']) await readUntil(await worker(instanceId), id, { type: 'response.output_text.delta' });
  const last = await worker('wk_3');
  expect((await readUntil(last, id, {})).at(-1)).toMatchObject({ type: 'response.failed', response: { status: 'failed' } });
  expect(await last.responses.get(name(id))).toMatchObject({
    status: 'failed',
    error: { code: 'server_error', message: expect.stringContaining('3 times') as string },
  });
  expect(upstream.bodies).toHaveLength(3);
});

test('a response whose caller waited for it fails with its worker', async () => {
  const { upstream, worker } = await makeWorld();
  const first = await worker('wk_a');
  const direct = await first.responses.prepare(REQUEST, CALLER);
  await first.responses.begin(direct, direct.document);
  const second = await worker('wk_b');
  const lost = name(direct.document.id);
  await eventually(async () => expect((await second.responses.get(lost)).status).toBe('failed'));
  expect((await second.responses.get(lost)).error?.message).toMatch(/interrupted: the gateway stopped, or was restored/);
  expect(upstream.bodies).toHaveLength(0);
});

test('a response that was unfinished in a backup fails also if an older build has restored it', async () => {
  const { home, upstream, worker } = await makeWorld();
  upstream.play(held);
  const first = await worker('wk_a');
  const { id } = await enqueue(first);
  await readUntil(first, id, { type: 'response.output_text.delta' });
  const store = await openStore({ home });
  await store.write((tx) => queriesOf(tx).updateTable('responses').set({ is_repeatable: 0 }).execute());
  const second = await worker('wk_b');
  await eventually(async () => expect((await second.responses.get(name(id))).status).toBe('failed'));
  expect((await second.responses.get(name(id))).error?.message).toContain('interrupted');
  expect(upstream.bodies).toHaveLength(1);
});

test('another worker ends a response, and its writer stops', async () => {
  const { upstream, worker } = await makeWorld();
  upstream.play(held);
  const others: string[] = [];
  const first = await worker('wk_a', others);
  others.push('wk_b');
  const { id } = await enqueue(first);
  await readUntil(first, id, { type: 'response.output_text.delta' });
  const second = await worker('wk_b', ['wk_a']);
  const following = readUntil(second, id, { after: 2 }).catch((error: unknown) => error);
  const cancelled = { status: 'cancelled', output: [{ status: 'incomplete', content: [{ text: 'Hel' }] }] };
  expect(await second.responses.cancel(name(id))).toMatchObject(cancelled);
  expect(await following).toMatchObject({ code: 'CONFLICT', message: 'the response was cancelled' });
  await eventually(() => expect(upstream.aborted()).toBe(1));
});

test("a step that called the agent's tools returns to its model with all of its vendor's data, after a dead worker too", async () => {
  const { upstream, worker } = await makeWorld();
  const signed = { reasoning_details: [{ type: 'reasoning.encrypted', format: 'google-gemini-v1', index: 0, id: 'c1', data: 'c2VhbGVk' }] };
  const call = { index: 0, id: 'c1', type: 'function', function: { name: 'time', arguments: '{}' } };
  const step = { chunks: [chunk(signed), chunk({ tool_calls: [call] }), chunk({}, 'tool_calls'), usageChunk(7, 3)] };
  upstream.play(step, { chunks: [], isHeld: true }, saying('Noon.'));
  const mine = { type: 'function', name: 'mine', parameters: { type: 'object', properties: {} } };
  const { id } = await enqueue(await worker('wk_a'), { model: 'main', tools: [mine] });
  await eventually(() => expect(upstream.bodies).toHaveLength(2));
  const second = await worker('wk_b');
  expect((await readUntil(second, id, {})).at(-1)?.type).toBe('response.completed');
  const [, before, after] = upstream.bodies.map(({ messages }) => messages);
  expect(before).toMatchObject([{ role: 'user' }, { role: 'assistant', ...signed }, { role: 'tool' }]);
  expect(after).toEqual(before);
});
