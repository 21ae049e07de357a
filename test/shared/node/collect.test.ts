import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { collect } from '../../../shared/node/collect.js';

test('returns all of a stream that is within the limit, whether it gives text or bytes', async () => {
  const bytes = await collect(Readable.from([Buffer.from('ab'), 'cd']), 4);
  expect(bytes?.toString()).toBe('abcd');
});

test('gives up a stream at the first byte beyond the limit, and ends it', async () => {
  const stream = Readable.from(['ab', 'cd', 'ef']);
  expect(await collect(stream, 3)).toBeUndefined();
  expect(stream.destroyed).toBe(true);
});
