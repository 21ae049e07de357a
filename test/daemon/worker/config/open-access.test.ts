import { expect, test } from 'vitest';
import { openAccessWarnings } from '../../../../daemon/worker/config/open-access.js';
import { configSchema } from '../../../../shared/config/schema.js';

const open = { auth: { enabled: false } };
const cors = { enabled: true, origins: ['https://app.example', '*'] };
const network = ['AUTH_DISABLED'];

test.each([
  { gateway: {}, codes: [] },
  { gateway: { auth: { enabled: true } }, codes: [] },
  { gateway: open, codes: network },
  { gateway: { ...open, host: '127.0.0.1' }, codes: [] },
  { gateway: { ...open, host: 'localhost' }, codes: [] },
  { gateway: { ...open, host: '127.0.0.1' }, address: '0.0.0.0', codes: network },
  { gateway: open, address: '::1', codes: [] },
  { gateway: { ...open, host: '127.0.0.1', trustedProxies: ['127.0.0.1'] }, codes: network },
  { gateway: { ...open, host: '127.0.0.1', allowedHosts: ['a.example'] }, codes: network },
  { gateway: { cors }, codes: [] },
  { gateway: { ...open, cors: { ...cors, enabled: false }, host: '127.0.0.1' }, codes: [] },
  { gateway: { ...open, cors: { ...cors, origins: ['https://app.example'] }, host: '127.0.0.1' }, codes: [] },
  { gateway: { ...open, cors, host: '127.0.0.1' }, codes: ['CORS_OPEN'] },
  { gateway: { allowedIps: ['10.0.0.0/8'] }, codes: ['LOOPBACK_REFUSED'] },
  { gateway: { allowedIps: ['10.0.0.0/8', '127.0.0.1'] }, codes: [] },
  { gateway: { allowedIps: ['127.0.0.1'] }, address: '::', codes: ['LOOPBACK_REFUSED'] },
  { gateway: { allowedIps: ['10.0.0.0/8'] }, address: '10.0.0.1', codes: [] },
  { gateway: { ...open, cors }, codes: ['AUTH_DISABLED', 'CORS_OPEN'] },
])('with $gateway at $address the owner is warned of $codes', ({ gateway, address, codes }) => {
  expect(openAccessWarnings(configSchema.parse({ gateway }), address).map(({ code }) => code)).toEqual(codes);
});
