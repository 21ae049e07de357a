import { expect, test } from 'vitest';
import { decideAccess } from '../../../../../daemon/worker/channels/telegram/access-policy.js';

const ann = { id: 42, username: 'Ann' };
const bob = { id: 7, username: undefined };
const base = { botToken: 't', dmPolicy: 'pairing', groupPolicy: 'disabled', streamMode: 'off', allowFrom: [] } as const;

test.each([
  { dmPolicy: 'disabled', allowFrom: [42], sender: ann, expected: 'refused' },
  { dmPolicy: 'open', allowFrom: [], sender: bob, expected: 'granted' },
  { dmPolicy: 'allowlist', allowFrom: [], sender: ann, expected: 'refused' },
  { dmPolicy: 'allowlist', allowFrom: [42], sender: ann, expected: 'granted' },
  { dmPolicy: 'allowlist', allowFrom: ['42'], sender: ann, expected: 'granted' },
  { dmPolicy: 'allowlist', allowFrom: ['@ann'], sender: ann, expected: 'granted' },
  { dmPolicy: 'allowlist', allowFrom: ['ANN'], sender: ann, expected: 'granted' },
  { dmPolicy: 'allowlist', allowFrom: ['an', 4, 'ann2', ''], sender: ann, expected: 'refused' },
  { dmPolicy: 'allowlist', allowFrom: ['undefined', ''], sender: bob, expected: 'refused' },
  { dmPolicy: 'pairing', allowFrom: [], sender: ann, expected: 'pairing' },
  { dmPolicy: 'pairing', allowFrom: ['@ann'], sender: ann, expected: 'granted' },
] as const)('to a bot with the policy $dmPolicy for $allowFrom, $sender is $expected', ({ dmPolicy, allowFrom, sender, expected }) => {
  expect(decideAccess({ ...base, dmPolicy, allowFrom: [...allowFrom] }, sender, undefined)).toBe(expected);
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
  expect(decideAccess({ ...base, dmPolicy: 'disabled', groupPolicy, allowFrom: [...allowFrom] }, ann, -100)).toBe(expected);
});
