import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SessionFileReader } from '../../../../daemon/worker/sessions/session-file-reader.js';
import { cpuMs } from '../../../helpers/cpu-time.js';

function readAll(format: 'json' | 'jsonl', pieces: Iterable<string>): { header: unknown; messages: unknown[] } {
  const reader = new SessionFileReader(format);
  const messages = [...pieces].flatMap((piece) => reader.push(piece));
  return { header: reader.end(), messages };
}

/** Cut at places that come from the numbers. */
function cut(text: string, places: readonly number[]): string[] {
  const ends = [...places.map((place) => place % (text.length + 1)), text.length].toSorted((one, other) => one - other);
  return ends.map((end, index) => text.slice(ends[index - 1] ?? 0, end));
}

const messages = fc.array(fc.record({ content: fc.string({ unit: 'binary' }), deep: fc.jsonValue() }), { maxLength: 5 });
const places = fc.array(fc.nat(), { maxLength: 8 });

test('JSON gives its messages and its header, however it is written and wherever it is split', () => {
  const header = fc.record({ title: fc.string({ unit: 'binary' }), deep: fc.jsonValue(), 'x"messages': fc.constant([1, [2]]) });
  fc.assert(
    fc.property(header, messages, fc.constantFrom(undefined, 2, '\t'), places, fc.boolean(), (...[first, said, indent, cuts, isLast]) => {
      const document = isLast ? { ...first, messages: said } : { messages: said, ...first };
      const result = readAll('json', cut(JSON.stringify(document, undefined, indent), cuts));
      expect(result.messages).toEqual(JSON.parse(JSON.stringify(said)));
      expect(result.header).toEqual({ ...(JSON.parse(JSON.stringify(first)) as object), messages: [] });
    }),
  );
});

test.each(['json', 'jsonl'] as const)('a text keeps the byte order marks in it (%s)', (format) => {
  const said = [{ content: '\uFEFFa\uFEFF\n\uFEFF', '\uFEFF': '\uFEFF' }];
  const text = format === 'json' ? JSON.stringify({ messages: said }) : `{}\n${JSON.stringify(said[0])}`;
  expect(readAll(format, [text]).messages).toEqual(said);
});

test('JSON Lines give the same wherever they are split, with or without a last line feed', () => {
  fc.assert(
    fc.property(messages, places, fc.constantFrom('', '\n', '\r\n\n'), (said, cuts, end) => {
      const text = [{ title: 't' }, ...said].map((line) => JSON.stringify(line)).join('\n') + end;
      const result = readAll('jsonl', cut(text, cuts));
      expect(result.header).toEqual({ title: 't' });
      expect(result.messages).toEqual(JSON.parse(JSON.stringify(said)));
    }),
  );
});

test.each([
  ['not valid JSON after 1 messages', '{"messages":[{} {}]}'],
  ['not valid JSON after 1 messages', '{"messages":[{},]}'],
  ['not valid JSON after 0 messages', '{"messages":[,{}]}'],
  ['not valid JSON after 1 messages', '{"messages":[{}]} {}'],
  ["the key 'messages' twice in an object, in line 1.", '{"messages":[{}],"messages":[]}'],
  ["the key 'messages' twice in an object, in line 1.", '{"messages":[{}],"messages":[{}]}'],
  ["the key 'messages' twice in an object, in line 1.", '{"messages":[],"messages":[]}'],
  ["the key 'title' twice in an object, in line 3.", '{"title":"é\\n",\n"messages":[{},\n{}],"title":"y"}'],
  ['it is truncated', '{"messages":[{}]'],
  ['it is truncated', '{"messages":[{}],"title'],
  ['no messages', '{"title":"x"}'],
  ['no messages', '{"title":"messages"}'],
  ['longer than 65536', `{"title":"${'x'.repeat(70_000)}","messages":[]}`],
  ['it is empty', ''],
])('a file in JSON is refused because: %s', (message, text) => {
  expect(() => readAll('json', [text])).toThrow(
    expect.objectContaining({ code: 'INVALID_REQUEST', message: expect.stringContaining(message) as string }),
  );
});

test.each([[''], ['é'.repeat(20_000)]])('a repeated key is refused with its line, also far from the beginning (%#)', (long) => {
  const text = `{"title":"${long}"}\n{"a":{"b":1},"b":[{"b":1},{"b":2}]}\n\n{"content":"x","c\\u006fntent":"y"}\n{}`;
  for (const length of [1, 1_000, text.length]) {
    const pieces = Array.from({ length: Math.ceil(text.length / length) }, (_, index) => text.slice(index * length, (index + 1) * length));
    expect(() => readAll('jsonl', pieces)).toThrow(
      expect.objectContaining({
        code: 'INVALID_REQUEST',
        message: "This is not an export of a session: it has the key 'content' twice in an object, in line 4.",
      }),
    );
  }
});

test.each([
  ['it is empty', ''],
  ['it is truncated', '{}\n{"a":'],
  ['not valid JSON after 0 messages', '{}\nno JSON\n'],
  ['longer than 65536', `{"title":"${'x'.repeat(70_000)}"}`],
])('a file in JSON Lines is refused because: %s', (message, text) => {
  expect(() => readAll('jsonl', [text])).toThrow(
    expect.objectContaining({ code: 'INVALID_REQUEST', message: expect.stringContaining(message) as string }),
  );
});

/** Costs seconds and gigabytes where a message is parsed whole. */
test.each([
  ['deep', '['.repeat(65_536), 'nested more than'],
  ['wide', '{},'.repeat(20_000), 'more than 2000 parts'],
  ['long', `"${'x'.repeat(65_535)}`, 'longer than 1000000'],
])('a message that is too %s is refused before all of it is in memory', (_what, piece, message) => {
  for (const [format, start] of [
    ['json', '{"messages":[{"a":['],
    ['jsonl', '{}\n{"a":['],
  ] as const) {
    const reader = new SessionFileReader(format, 1_000_000);
    reader.push(start);
    let pushed = 0;
    const push = (): void => {
      for (; pushed < 30; pushed += 1) reader.push(pushed === 0 ? piece : piece.replace('"', 'x'));
    };
    expect(push).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST', message: expect.stringContaining(message) as string }));
    expect(pushed).toBeLessThan(20);
  }
});

test('a message that comes in many pieces is put together once: its length does not make it slow', () => {
  const piece = 'x'.repeat(65_536);
  const read = (): void => {
    const reader = new SessionFileReader('jsonl');
    reader.push('{}\n"');
    for (let count = 0; count < 600; count += 1) expect(reader.push(piece)).toEqual([]);
    const [message] = reader.push('"\n');
    expect((message as string).length).toBe(600 * 65_536);
  };
  // Joined with each piece, it would be 12 GB that are copied.
  expect(cpuMs(read)).toBeLessThan(3_000);
});
