import { expect, test } from 'vitest';
import { readStart } from '../../../../daemon/worker/providers/read-start.js';

test('reads no more than was asked for, and says whether there was more', async () => {
  expect(await readStart(new Response('four'), 4, undefined)).toEqual({ text: 'four', isWhole: true });
  expect(await readStart(new Response('fours'), 4, undefined)).toEqual({ text: 'four', isWhole: false });
  expect(await readStart(new Response(null), 4, undefined)).toEqual({ text: '', isWhole: true });
});

test('ends with the request, even if the body neither ends nor fails', async () => {
  const request = new AbortController();
  const reading = readStart(new Response(new ReadableStream({ pull: () => new Promise(() => undefined) })), 4, request.signal);
  request.abort(new Error('stopped'));
  await expect(reading).rejects.toThrow('stopped');
});
