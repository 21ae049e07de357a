import { expect, test } from 'vitest';
import { hasFullAccount, MAX_PENDING_PAIRINGS } from '../../../shared/channels/pairing-limit.js';

test('an account is full of requests, not of approved senders or of those of other accounts', () => {
  const pending = (count: number, accountId: string) =>
    Array.from({ length: count }, () => ({ channel: 'telegram', accountId, code: 'A' }));
  const approved = { channel: 'telegram', accountId: 'a', code: null };
  expect(hasFullAccount([...pending(MAX_PENDING_PAIRINGS - 1, 'a'), ...pending(1, 'b'), approved])).toBe(false);
  expect(hasFullAccount([...pending(MAX_PENDING_PAIRINGS, 'a'), approved])).toBe(true);
});
