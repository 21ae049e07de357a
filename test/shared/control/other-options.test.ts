import { expect, test } from 'vitest';
import { otherOptionsError } from '../../../shared/control/other-options.js';

const inForce = { port: 18_790, host: '0.0.0.0', token: 'in-force' };

test('options that are in force are no error', () => {
  expect(otherOptionsError({ wanted: {}, inForce, serviceMarker: null })).toBeUndefined();
  expect(otherOptionsError({ wanted: inForce, inForce, serviceMarker: 'systemd' })).toBeUndefined();
});

const IN_FILE = 'xopc config set gateway.port 8080 and xopc config set gateway.auth.api_key -';

test.each([
  [null, 'with XOPC_NO_RESPAWN the gateway is restarted in place', `Change it with: ${IN_FILE}`],
  [
    'systemd',
    'the service manager (systemd) starts the gateway with its own options',
    `Change the service with: xopc gateway install --port 8080 --token TOKEN. For one installed by hand: ${IN_FILE}`,
  ],
])('the others are named, without the token, and how to change them with the service manager %s', (serviceMarker, reason, hint) => {
  const error = otherOptionsError({ wanted: { ...inForce, port: 8_080, token: 'secret' }, inForce, serviceMarker });
  expect(error).toMatchObject({ code: 'CONFLICT', message: `--port 8080 --token TOKEN cannot be applied: ${reason}`, hint });
});
