import { expect, test } from 'vitest';
import { type RouteDefinition, route } from '../../../../daemon/worker/http/route.js';
import { sessionCreateRequest } from '../../../../shared/api/sessions.js';

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
