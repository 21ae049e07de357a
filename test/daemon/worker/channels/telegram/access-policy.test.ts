import { expect, test } from 'vitest';
import { decideAccess } from '../../../../../daemon/worker/channels/telegram/access-policy.js';

const ann = { id: 42, username: 'Ann' };
const bob = { id: 7, username: undefined };
const base = { botToken: 't', dmPolicy: 'pairing', groupPolicy: 'disabled', streamMode: 'off', allowFrom: [] } as const;

test.each([
  ['disabled', [42], ann, 'refused'],
  ['open', [], bob, 'granted'],
  ['allowlist', [], ann, 'refused'],
  ['allowlist', [42], ann, 'granted'],
  ['allowlist', ['42'], ann, 'granted'],
  ['allowlist', ['@ann'], ann, 'granted'],
  ['allowlist', ['ANN'], ann, 'granted'],
  ['allowlist', ['an', 4, 'ann2', ''], ann, 'refused'],
  ['allowlist', ['undefined', ''], bob, 'refused'],
  ['pairing', [], ann, 'pairing'],
  ['pairing', ['@ann'], ann, 'granted'],
] as const)('to a bot with the policy %s for %j, a person is %4$s', (dmPolicy, allowFrom, sender, expected) => {
  expect(decideAccess({ ...base, dmPolicy, allowFrom }, sender, undefined)).toBe(expected);
});

test.each([
  ['disabled', [42, -100], 'refused'],
  ['open', [], 'granted'],
  ['allowlist', [], 'refused'],
  ['allowlist', [42], 'granted'],
  ['allowlist', [-100], 'granted'],
  ['allowlist', ['-100'], 'granted'],
  ['allowlist', [100, -1_001], 'refused'],
] as const)('in a group, with the policy %s for %j, a person is %s', (groupPolicy, allowFrom, expected) => {
  expect(decideAccess({ ...base, dmPolicy: 'disabled', groupPolicy, allowFrom }, ann, -100)).toBe(expected);
});
