import fc from 'fast-check';
import { expect, test } from 'vitest';
import { JsonFile, JsonLinesFile, type RawSessionFile } from '../../../../daemon/worker/sessions/session-file-reader.js';

function readAll(reader: RawSessionFile, pieces: readonly string[]): { header: unknown; messages: unknown[] } {
  const messages = pieces.flatMap((piece) => reader.push(piece));
  const end = reader.end();
  return { header: JSON.parse(end.header), messages: [...messages, ...end.messages].map((text) => JSON.parse(text) as unknown) };
}

/** Cut at places that come from the numbers. */
function cut(text: string, places: readonly number[]): string[] {
  const ends = [...places.map((place) => place % (text.length + 1)), text.length].toSorted((one, other) => one - other);
  return ends.map((end, index) => text.slice(ends[index - 1] ?? 0, end));
}

const messages = fc.array(fc.record({ content: fc.string({ unit: 'binary' }), deep: fc.jsonValue() }), { maxLength: 5 });
const places = fc.array(fc.nat(), { maxLength: 8 });

test('JSON, in whatever way it is written and wherever it is cut, gives its messages and its header', () => {
  const header = fc.record({ title: fc.string({ unit: 'binary' }), deep: fc.jsonValue(), 'x"messages': fc.constant([1, [2]]) });
  fc.assert(
    fc.property(header, messages, fc.constantFrom(undefined, 2, '\t'), places, fc.boolean(), (...[first, said, indent, cuts, isLast]) => {
      const document = isLast ? { ...first, messages: said } : { messages: said, ...first };
      const result = readAll(new JsonFile(), cut(JSON.stringify(document, undefined, indent), cuts));
      expect(result.messages).toEqual(JSON.parse(JSON.stringify(said)));
      expect(result.header).toEqual({ ...(JSON.parse(JSON.stringify(first)) as object), messages: [] });
    }),
  );
});

test('JSON Lines, wherever they are cut, with or without a last line feed, give the same', () => {
  fc.assert(
    fc.property(messages, places, fc.constantFrom('', '\n', '\r\n\n'), (said, cuts, end) => {
      const text = [{ title: 't' }, ...said].map((line) => JSON.stringify(line)).join('\n') + end;
      const result = readAll(new JsonLinesFile(), cut(text, cuts));
      expect(result.header).toEqual({ title: 't' });
      expect(result.messages).toEqual(JSON.parse(JSON.stringify(said)));
    }),
  );
});

test.each([
  ['{"messages":[{} {}]}', 'between two messages'],
  ['{"messages":[{},]}', 'between two messages'],
  ['{"messages":[1]}', 'between two messages'],
  ['{"messages":[,{}]}', 'between two messages'],
  ['{"messages":[{}],"messages":[]}', 'twice'],
  ['{"messages":[{}]', 'its end is missing'],
  ['{"title":"x"}', 'no messages'],
  ['{"title":"messages"}', 'no messages'],
  [`{"title":"${'x'.repeat(70_000)}","messages":[]}`, 'longer than 65536'],
])('%s is refused', (text, message) => {
  expect(() => readAll(new JsonFile(), [text])).toThrow(
    expect.objectContaining({ code: 'INVALID_REQUEST', message: expect.stringContaining(message) as string }),
  );
});

test('an empty file is refused', () => {
  expect(() => new JsonLinesFile().end()).toThrow('it is empty');
});

test('a line that comes in many pieces is put together once: its length does not make it slow', () => {
  const reader = new JsonLinesFile();
  const piece = 'x'.repeat(65_536);
  reader.push('{}\n"');
  const startedAt = performance.now();
  for (let count = 0; count < 600; count += 1) expect(reader.push(piece)).toEqual([]);
  const [line] = reader.push('"\n');
  expect(line?.length).toBe(600 * 65_536 + 2);
  // Joined with each piece, it would be 12 GB that are copied.
  expect(performance.now() - startedAt).toBeLessThan(5_000);
});
