import { expect, test } from 'vitest';
import { httpFailure } from '../../../../../daemon/worker/tools/mcp/server-failure.js';

const key = 'mcp.servers.my.token';

test.each([
  [404, 'Error POSTing to endpoint: {"error":"no such path"}', 'rejected', 'it answered 404: {"error":"no such path"}'],
  [403, 'Error POSTing to endpoint: <!doctype html>', 'rejected', 'it answered 403: Reason'],
  [429, 'Error POSTing to endpoint: ', 'faulty', 'it answered 429: Reason'],
  [500, 'Error POSTing to endpoint: null', 'faulty', 'it answered 500: Reason'],
  [307, 'Error POSTing to endpoint: to elsewhere is not followed', 'rejected', 'it answered 307: to elsewhere is not followed'],
  [
    401,
    'Error POSTing to endpoint: no token',
    'rejected',
    'it answered 401 (no token): it needs a token (mcp.servers.my.token, or xopc mcp add … --token-env); sign-in by OAuth is not supported',
  ],
] as const)('an answer %i is named, with what to do about a token: %s', (...row) => {
  const [status, message, kind, words] = row;
  const failure = httpFailure({ status, message, statusText: 'Reason' }, { tokenKey: key, hasCredentials: false });
  expect([failure.kind, failure.message]).toEqual([kind, words]);
});

test('a token that is refused is not asked for', () => {
  const { message } = httpFailure({ status: 401, message: '', statusText: 'Unauthorized' }, { tokenKey: key, hasCredentials: true });
  expect(message).toBe('it answered 401: it does not accept the token (mcp.servers.my.token); sign-in by OAuth is not supported');
});
