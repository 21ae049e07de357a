import { expect, test } from 'vitest';
import { openAccessWarning } from '../../../../daemon/worker/config/open-access.js';
import { configSchema } from '../../../../shared/config/schema.js';

test.each([
  { gateway: {}, isWarned: false },
  { gateway: { auth: { enabled: true } }, isWarned: false },
  { gateway: { auth: { enabled: false } }, isWarned: true },
  { gateway: { auth: { enabled: false }, host: '127.0.0.1' }, isWarned: false },
  { gateway: { auth: { enabled: false }, host: 'localhost' }, isWarned: false },
  { gateway: { auth: { enabled: false }, host: '127.0.0.1' }, address: '0.0.0.0', isWarned: true },
  { gateway: { auth: { enabled: false } }, address: '::1', isWarned: false },
  { gateway: { auth: { enabled: false }, host: '127.0.0.1', trustedProxies: ['127.0.0.1'] }, isWarned: true },
  { gateway: { auth: { enabled: false }, host: '127.0.0.1', allowedHosts: ['a.example'] }, isWarned: true },
])('with $gateway at $address the owner is warned of open access: $isWarned', ({ gateway, address, isWarned }) => {
  const warning = openAccessWarning(configSchema.parse({ gateway }), address);
  expect(warning?.code).toBe(isWarned ? 'AUTH_DISABLED' : undefined);
});
