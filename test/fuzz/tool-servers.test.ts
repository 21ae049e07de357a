/** What MCP servers answer: whatever it is, it is bounded, can be stored, and is given to models under names that they take. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readResult } from '../../daemon/worker/tools/mcp/call-result.js';
import { MessageLines } from '../../daemon/worker/tools/mcp/message-lines.js';
import { readTools } from '../../daemon/worker/tools/mcp/tool-list.js';
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
        const read = readResult(result);
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
