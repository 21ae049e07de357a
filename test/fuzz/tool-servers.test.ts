/** What MCP servers answer: whatever it is, it is bounded, can be stored, and is given to models under names that they take. */
import { text as textOf } from 'node:stream/consumers';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readResult } from '../../daemon/worker/tools/mcp/call-result.js';
import { MessageLines } from '../../daemon/worker/tools/mcp/message-lines.js';
import { readTools } from '../../daemon/worker/tools/mcp/tool-list.js';
import { limitBody } from '../../shared/node/limited-body.js';
import { isStorable } from '../../shared/text/storable.js';
import { fuzz } from './fuzz.js';

const json = fc.jsonValue({ maxDepth: 4 });
const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 300 }), json);
const schema = fc.oneof(json, fc.record({ type: fc.constantFrom('object', 'array', 1), properties: json }, { requiredKeys: [] }));
const hints = fc.oneof(json, fc.record({ readOnlyHint: json, idempotentHint: json, title: text }, { requiredKeys: [] }));
const tool = fc.oneof(
  json,
  fc.record({ name: text, title: text, description: text, inputSchema: schema, annotations: hints }, { requiredKeys: [] }),
);
const resource = fc.oneof(json, fc.record({ name: text, uri: text, text, blob: text }, { requiredKeys: [] }));
const part = fc.oneof(
  json,
  fc.record(
    {
      type: fc.constantFrom('text', 'image', 'audio', 'resource', 'resource_link', 'x'),
      text,
      data: text,
      mimeType: text,
      resource,
      name: text,
      uri: text,
    },
    { requiredKeys: [] },
  ),
);

test('any list of tools is read', () =>
  fuzz(500, () =>
    fc.property(fc.array(tool, { maxLength: 200 }), (tools) => {
      const read = readTools('server', tools);
      const given = read.filter(({ problem }) => problem === null);
      expect(new Set(given.map(({ fullName }) => fullName)).size).toBe(given.length);
      expect(given.length).toBeLessThanOrEqual(128);
      for (const { fullName, description, inputSchema, name } of read) {
        expect(fullName).toMatch(/^[a-zA-Z0-9_-]{1,64}$/);
        expect([isStorable(name), isStorable(description), inputSchema['type']]).toEqual([true, true, 'object']);
      }
    }),
  ));

test('any result of a call is read', () =>
  fuzz(500, () =>
    fc.property(
      fc.oneof(
        json,
        fc.record(
          { content: fc.oneof(json, fc.array(part, { maxLength: 20 })), structuredContent: json, isError: json },
          { requiredKeys: [] },
        ),
      ),
      (result) => {
        const read = readResult(result, { inErrors: (given) => given, inResults: (given) => given });
        expect(read.text).not.toBe('');
        expect([isStorable(read.text), typeof read.isError]).toEqual([true, 'boolean']);
      },
    ),
  ));

test('lines are the same however the bytes arrive, and long ones are cut', () =>
  fuzz(300, () =>
    fc.property(
      fc.array(fc.string({ maxLength: 60 }), { maxLength: 10 }),
      fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1 }),
      (lines, sizes) => {
        const read = (pieces: readonly number[]): string[] => {
          const found: string[] = [];
          const reader = new MessageLines(40, {
            onLine: (line) => void found.push(line),
            onLongLine: (_head, _tail, bytes) => void found.push(`${bytes}`),
          });
          const bytes = Buffer.from(`${lines.join('\n')}\n`);
          for (let at = 0, index = 0; at < bytes.length; index += 1) {
            const size = pieces[index % pieces.length] ?? 1;
            reader.push(bytes.subarray(at, at + size));
            at += size;
          }
          return found;
        };
        expect(read(sizes)).toEqual(read([10_000]));
      },
    ),
  ));

test('a stream of events is read on while no event is too long, however the bytes arrive', () =>
  fuzz(300, () =>
    fc.asyncProperty(
      fc.array(fc.record({ size: fc.integer({ min: 0, max: 30 }), end: fc.constantFrom('\n\n', '\r\n\r\n', '\r\r', '\n\r\n', '\r\n\n') }), {
        maxLength: 10,
      }),
      fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1 }),
      fc.boolean(),
      async (events, sizes, isLong) => {
        const sent = [...events, ...(isLong ? [{ size: 70, end: '\n\n' }] : [])].map(({ size, end }) => 'x'.repeat(size) + end).join('');
        const pieces: Buffer[] = [];
        for (let at = 0, index = 0; at < sent.length; at += sizes[index % sizes.length] ?? 1, index += 1)
          pieces.push(Buffer.from(sent.slice(at, at + (sizes[index % sizes.length] ?? 1))));
        const read = textOf(
          limitBody(ReadableStream.from(pieces), undefined, { maxEventBytes: 40, tooLong: (what) => new Error(`a long ${what}`) }),
        );
        if (isLong) await expect(read).rejects.toThrow('a long event');
        else expect(await read).toBe(sent);
      },
    ),
  ));
