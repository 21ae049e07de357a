import { expect, test } from 'vitest';
import { readStart } from '../../../../daemon/worker/providers/read-start.js';

test('returns the start of a body, and says whether there was more', async () => {
  expect(await readStart(new Response('four'), 4, undefined)).toEqual({ text: 'four', isWhole: true });
  expect(await readStart(new Response('fours'), 4, undefined)).toEqual({ text: 'four', isWhole: false });
  expect(await readStart(new Response(null), 4, undefined)).toEqual({ text: '', isWhole: true });
});

test('does not read the rest, which may never end', async () => {
  let pulls = 0;
  let isCancelled = false;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      pulls += 1;
      if (pulls > 100) controller.error(new Error('all of it is read'));
      else controller.enqueue(Buffer.from('fours'));
    },
    cancel: () => void (isCancelled = true),
  });
  expect(await readStart(new Response(body), 4, undefined)).toEqual({ text: 'four', isWhole: false });
  expect({ isFew: pulls < 5, isCancelled }).toEqual({ isFew: true, isCancelled: true });
});

test('ends with the request, even if the body neither ends nor fails', async () => {
  const request = new AbortController();
  const reading = readStart(new Response(new ReadableStream({ pull: () => new Promise(() => undefined) })), 4, request.signal);
  request.abort(new Error('stopped'));
  await expect(reading).rejects.toThrow('stopped');
});
