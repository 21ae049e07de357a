import { expect, onTestFinished, test } from 'vitest';
import { type RouteDefinition, route } from '../../../../daemon/worker/http/route.js';
import { sessionCreateRequest } from '../../../../shared/api/sessions.js';
import { startHttpApp } from '../../../helpers/http-app.js';

test.each([{}, { body: sessionCreateRequest, upload: { 'text/plain': 'a text' } }])(
  'a route whose own credentials would be checked of some requests only is not made: %j',
  (input) => {
    const definition: RouteDefinition<unknown, undefined> = {
      method: 'POST',
      path: '/x',
      scope: 'public',
      authorize: { check: () => 'none', refusal: { message: 'x', hint: 'y' } },
      handle: () => undefined,
      ...input,
    };
    expect(() => route(definition)).toThrow('POST /x: its credentials would not be checked');
  },
);

test('a document is answered without asking for Response, which loads Node’s fetch', async () => {
  const { send } = await startHttpApp();
  const { Response } = globalThis;
  onTestFinished(() => void Object.defineProperty(globalThis, 'Response', { value: Response, writable: true, configurable: true }));
  let asked = 0;
  Object.defineProperty(globalThis, 'Response', { configurable: true, get: () => ((asked += 1), Response) });
  expect(await send('/api/sessions')).toMatchObject({ status: 200, json: { status: 'ok' } });
  expect(asked).toBe(0);
});
