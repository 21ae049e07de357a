import { expect, test } from 'vitest';
import { startHttpApp } from '../../../../../helpers/http-app.js';

test('while nothing can be stored, health is well and readiness is not', async () => {
  let isStoreAvailable = false;
  const { send } = await startHttpApp({ services: { isStoreAvailable: () => isStoreAvailable } });
  expect((await send('/health')).status).toBe(200);
  const ready = await send('/health/ready');
  expect([ready.status, ready.json?.['error']]).toMatchObject([503, { code: 'UNAVAILABLE', details: { ready: false } }]);
  isStoreAvailable = true;
  expect((await send('/health/ready')).status).toBe(200);
});
