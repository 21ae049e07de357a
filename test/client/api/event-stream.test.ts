import { expect, test } from 'vitest';
import { readEvents, type ServerEvent } from '../../../client/api/event-stream.js';

async function read(...chunks: readonly (string | Buffer)[]): Promise<ServerEvent[]> {
  const events: ServerEvent[] = [];
  for await (const event of readEvents(
    (async function* () {
      yield* chunks.map((chunk) => Buffer.from(chunk));
    })(),
  ))
    events.push(event);
  return events;
}

const event = (data: string, more: Partial<ServerEvent> = {}): ServerEvent => ({ event: 'message', data, id: undefined, ...more });

test.each<[string, ServerEvent[]]>([
  ['data: a\n\n', [event('a')]],
  ['data:a\n\ndata:  b\n\n', [event('a'), event(' b')]],
  ['data: a\r\ndata: b\r\n\r\n', [event('a\nb')]],
  ['event: delta\nid: 7\ndata: {"x":":"}\n\n', [event('{"x":":"}', { event: 'delta', id: '7' })]],
  [': comment\n\ndata\n\n', [event('')]],
  ['retry: 5\nunknown: 1\ndata: a\n\n', [event('a')]],
  ['event: only\n\ndata: a\n\n', [event('a')]],
  ['data: unfinished\n', []],
  ['data: a\n\ndata: unfinished', [event('a')]],
  ['', []],
])('%j', async (text, expected) => {
  expect(await read(text)).toEqual(expected);
  // Cut anywhere, the outcome is the same.
  for (let cut = 1; cut < text.length; cut += 1) expect(await read(text.slice(0, cut), text.slice(cut)), `cut at ${cut}`).toEqual(expected);
});

test('characters that are cut between chunks arrive whole', async () => {
  const bytes = Buffer.from('data: 😀 ü\n\n');
  expect(await read(...[...bytes].map((byte) => Buffer.from([byte])))).toEqual([event('😀 ü')]);
});

test.each([
  ['one line', ['data: ', ...Array.from({ length: 80 }, () => 'x'.repeat(65_536))]],
  ['many lines', Array.from({ length: 80 }, () => `data: ${'x'.repeat(65_536)}\n`)],
])('an endless event of %s fails instead of filling memory', async (_title, chunks) => {
  await expect(read(...chunks)).rejects.toMatchObject({ code: 'INTERNAL_ERROR' });
});
