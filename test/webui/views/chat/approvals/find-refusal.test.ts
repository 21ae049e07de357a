import { expect, test } from 'vitest';
import type { ApprovalDocument } from '../../../../../shared/api/tools/approvals.js';
import { findRefusal } from '../../../../../webui/src/views/chat/approvals/find-refusal.js';

const at = (minute: number): string => `2026-01-01T00:0${minute}:00.000Z`;

const decided = (minute: number, state: ApprovalDocument['state'], url = 'https://a.example'): ApprovalDocument => ({
  id: minute,
  state,
  tool: 'fetch',
  input: { url },
  said: '',
  agentId: 'main',
  session: 's',
  turnId: 't',
  askedAt: at(0),
  expiresAt: at(9),
  decidedAt: state === 'pending' ? null : at(minute),
  decidedBy: null,
  note: null,
  remember: null,
});

test('a call is refused by what was last decided about it before its result', () => {
  const call = { name: 'fetch', input: '{"url":"https://a.exa…', at: at(3) };
  expect(findRefusal([decided(2, 'denied')], call)).toBe('denied');
  expect(findRefusal([decided(2, 'denied'), decided(3, 'expired')], call)).toBe('expired');
  expect(findRefusal([decided(1, 'denied'), decided(2, 'approved')], call)).toBeUndefined();
  expect(findRefusal([decided(4, 'denied'), decided(5, 'pending')], call)).toBeUndefined();
  expect(findRefusal([decided(2, 'denied', 'https://b.example')], call)).toBeUndefined();
  expect(findRefusal([decided(2, 'denied')], { ...call, name: 'send' })).toBeUndefined();
  // The answer is still being written.
  expect(findRefusal([decided(4, 'denied'), decided(5, 'pending')], { ...call, at: undefined })).toBe('denied');
});
