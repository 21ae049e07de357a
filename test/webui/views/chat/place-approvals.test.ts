import { expect, test } from 'vitest';
import type { ApprovalDocument } from '../../../../shared/api/tools/approvals.js';
import { placeApprovals } from '../../../../webui/src/views/chat/transcript/place-approvals.js';

const at = (minute: number): string => `2026-01-01T00:0${minute}:00.000Z`;
const approval = (id: number, decidedAt: string | null): ApprovalDocument => ({
  id,
  state: decidedAt === null ? 'pending' : 'approved',
  tool: 'send',
  input: {},
  said: '',
  agentId: 'main',
  session: 's',
  turnId: 't',
  askedAt: at(0),
  expiresAt: at(9),
  decidedAt,
  decidedBy: null,
  note: null,
  remember: null,
});

test('a decided approval stands where it was decided, a pending one at the end, and one from before the first message nowhere', () => {
  const messages = [1, 3, 5].map((minute) => ({ seq: minute, createdAt: at(minute) }));
  const all = [approval(1, at(0)), approval(2, at(2)), approval(3, at(3)), approval(4, at(6)), approval(5, null)];
  const placed = [...placeApprovals(all, messages)].map(([seq, items]) => [seq, items.map(({ id }) => id)]);
  expect(placed).toEqual([
    [3, [2]],
    [5, [3]],
    ['end', [4, 5]],
  ]);
  expect([...placeApprovals([approval(1, at(0))], []).keys()]).toEqual(['end']);
});
