import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { collect, readUpTo } from '../../../shared/node/collect.js';

test('returns all of a stream that is within the limit, whether it gives text or bytes', async () => {
  const bytes = await collect(Readable.from([Buffer.from('ab'), 'cd']), 4);
  expect(bytes?.toString()).toBe('abcd');
});

test('gives up a stream at the first byte beyond the limit, and ends it', async () => {
  const stream = Readable.from(['ab', 'cd', 'ef']);
  expect(await collect(stream, 3)).toBeUndefined();
  expect(stream.destroyed).toBe(true);
});

test.each([
  [4, 'abcd', true],
  [3, 'abc', false],
])('reads the first %i bytes of a stream, and says whether it had more', async (maxBytes, text, isWhole) => {
  const start = await readUpTo(Readable.from([Buffer.from('ab'), 'cd']), maxBytes);
  expect({ ...start, bytes: start.bytes.toString() }).toEqual({ bytes: text, isWhole });
});
