import { expect, test } from 'vitest';
import { otherOptionsError } from '../../../shared/control/other-options.js';

const inForce = { port: 18_790, host: '0.0.0.0', token: 'in-force' };

test('options that are in force are no error', () => {
  expect(otherOptionsError({ wanted: {}, inForce, serviceMarker: null })).toBeUndefined();
  expect(otherOptionsError({ wanted: inForce, inForce, serviceMarker: 'systemd' })).toBeUndefined();
});

test.each([
  [null, 'Change it with: xopc config set gateway.port 8080   xopc config set gateway.auth.api_key -'],
  [
    'systemd',
    'Change it with: xopc gateway install --port 8080 --token TOKEN   Or, for a service that was installed by hand: xopc config set gateway.port 8080   xopc config set gateway.auth.api_key -',
  ],
])('the others are named, without the token, and how to change them with the service manager %s', (serviceMarker, hint) => {
  const error = otherOptionsError({ wanted: { ...inForce, port: 8_080, token: 'secret' }, inForce, serviceMarker });
  expect(error).toMatchObject({
    code: 'CONFLICT',
    hint,
    message: expect.stringContaining(': --port 8080 --token TOKEN; nothing was changed') as string,
  });
});
