import { expect, test } from 'vitest';
import { dispatcherWith, PATIENCE } from '../../../../../daemon/worker/providers/sdk/patient-dispatcher.js';
import { fakeHttp } from '../../../../fakes/http-server.js';

/** Node looks for expired limits about once a second. */
const LIMIT_MS = 100;

test("fetch obeys the limits of Node's own dispatcher: without them it waits", async () => {
  let arrived = (): void => undefined;
  const server = await fakeHttp((_request, response) => {
    arrived();
    response.once('close', () => undefined);
  });
  const url = `http://127.0.0.1:${server.port}/`;
  const get = (options: object, signal?: AbortSignal) => fetch(url, { ...options, ...(signal === undefined ? {} : { signal }) });
  const stop = new AbortController();
  const hasArrived = new Promise<void>((resolve) => (arrived = resolve));
  const endless = get(PATIENCE, stop.signal).then(
    () => 'answered',
    (error: unknown) => (error instanceof Error ? error.name : 'failed'),
  );
  await hasArrived;
  const limited = get(dispatcherWith({ headersTimeout: LIMIT_MS, bodyTimeout: 0 }));
  await expect(limited).rejects.toMatchObject({ cause: { code: 'UND_ERR_HEADERS_TIMEOUT' } });
  stop.abort();
  expect(await endless).toBe('AbortError');
});
