/** Responses in the background, as the openai SDK asks for and follows them. */
import type OpenAI from 'openai';
import { expect, test } from 'vitest';
import { responseEvent } from '../../../../../shared/api/responses/events.js';
import { chunk, saying } from '../../../../fakes/openai/replay.js';
import { eventually } from '../../../../helpers/eventually.js';
import { startOpenAiGateway } from '../../../../helpers/openai-gateway.js';

type Event = OpenAI.Responses.ResponseStreamEvent;

const asked = { model: 'up/one', input: 'x', background: true } as const;

async function read(stream: AsyncIterable<Event>): Promise<Event[]> {
  const events: Event[] = [];
  for await (const event of stream) events.push(event);
  for (const event of events) responseEvent().parse(event);
  return events;
}

const textOf = (events: readonly Event[]): string =>
  events.map((event) => (event.type === 'response.output_text.delta' ? event.delta : '')).join('');

test('a response in the background is answered at once, goes on by itself, and its stream is read from anywhere', async () => {
  const { client, upstream } = await startOpenAiGateway();
  upstream.play(saying('Hel', 'lo'), saying('again'));
  const first = await client.responses.create(asked);
  expect(first).toMatchObject({ status: 'queued', background: true, output: [] });
  const events = await read(await client.responses.retrieve(first.id, { stream: true }));
  expect(events.map(({ type }) => type.replace('response.', ''))).toEqual([
    'created',
    'queued',
    'in_progress',
    'output_item.added',
    'content_part.added',
    'output_text.delta',
    'output_text.done',
    'content_part.done',
    'output_item.done',
    'completed',
  ]);
  expect(events.map(({ sequence_number: number }) => number)).toEqual(events.map((_event, index) => index));
  expect(textOf(events)).toBe('Hello');
  expect((await client.responses.retrieve(first.id)).output_text).toBe('Hello');
  const rest = await read(await client.responses.retrieve(first.id, { stream: true, starting_after: 5 }));
  expect(rest).toEqual(events.slice(6));
  const next = await client.responses.stream({ ...asked, previous_response_id: first.id }).finalResponse();
  expect(next.output_text).toBe('again');
  expect(upstream.bodies[1]).toMatchObject({ messages: [{ content: 'x' }, { content: 'Hello' }, { content: 'x' }] });
});

test('the same key gives the same response; another request with it is a conflict', async () => {
  const { client, upstream } = await startOpenAiGateway();
  const headers = { 'Idempotency-Key': 'k1' };
  const first = await client.responses.create(asked, { headers });
  const again = await client.responses.create(asked, { headers }).withResponse();
  expect([again.data.id, again.response.headers.get('idempotent-replayed')]).toEqual([first.id, 'true']);
  await expect(client.responses.create({ ...asked, input: 'y' }, { headers })).rejects.toMatchObject({ status: 409 });
  await eventually(async () => expect((await client.responses.retrieve(first.id)).status).toBe('completed'));
  expect(upstream.bodies).toHaveLength(1);
});

test('one that is cancelled or deleted ends, with its stream and its call of the model; one that has ended stays as it is', async () => {
  const { client, upstream } = await startOpenAiGateway();
  const held = { chunks: [chunk({ content: 'Hel' })], isHeld: true };
  for (const [index, end] of (['cancel', 'delete'] as const).entries()) {
    upstream.play(held);
    const { id } = await client.responses.create(asked);
    const stream = await client.responses.retrieve(id, { stream: true });
    const events: Event[] = [];
    for await (const event of stream) {
      events.push(event);
      if (event.type === 'response.output_text.delta') await client.responses[end](id);
    }
    expect(textOf(events)).toBe('Hel');
    const [before, last] = events.slice(-2);
    const number = before?.sequence_number ?? 0;
    const message = `the response was ${end === 'cancel' ? 'cancelled' : 'deleted'}`;
    expect(responseEvent().parse(last)).toMatchObject({ type: 'error', message, sequence_number: number });
    await eventually(() => expect(upstream.aborted()).toBe(index + 1));
    if (end === 'delete') await expect(client.responses.retrieve(id)).rejects.toMatchObject({ status: 404 });
    else {
      expect((await client.responses.cancel(id)).status).toBe('cancelled');
      expect((await client.responses.retrieve(id)).output_text).toBe('Hel');
      expect(await read(await client.responses.retrieve(id, { stream: true, starting_after: number }))).toEqual([last]);
    }
  }
  const whole = await client.responses.create({ ...asked, background: false });
  await expect(client.responses.cancel(whole.id)).rejects.toMatchObject({ status: 400 });
  await expect(client.responses.retrieve(whole.id, { stream: true })).rejects.toMatchObject({ status: 400, param: 'stream' });
  await expect(client.responses.cancel('resp_none')).rejects.toMatchObject({ status: 404 });
});

test('a failure of the model is the end of the response; what cannot be run is refused at once', async () => {
  const { client, upstream, send } = await startOpenAiGateway();
  upstream.play({ status: 429, body: { error: { message: 'slow down' } } });
  const { id } = await client.responses.create(asked);
  const events = await read(await client.responses.retrieve(id, { stream: true }));
  expect(events.at(-1)).toMatchObject({ type: 'response.failed', response: { status: 'failed', error: { code: 'rate_limit_exceeded' } } });
  const refuse = async (change: object, headers: Record<string, string> = {}): Promise<unknown[]> => {
    const { status, json } = await send('/v1/responses', { method: 'POST', headers, body: { ...asked, ...change } });
    return [status, (json?.['error'] as { param?: string } | undefined)?.param];
  };
  expect(await refuse({ store: false })).toEqual([400, 'background']);
  expect(await refuse({}, { 'X-Xopc-Session': 'desk' })).toEqual([400, 'background']);
  expect(await refuse({ model: 'ghost' })).toEqual([404, 'model']);
  expect(await refuse({ previous_response_id: 'resp_none' })).toEqual([400, 'previous_response_id']);
  const unknown = { ...asked, previous_response_id: 'resp_none' };
  const { json } = await send('/v1/responses', { method: 'POST', body: unknown });
  expect(json).toMatchObject({ error: { code: 'previous_response_not_found', param: 'previous_response_id' } });
});
