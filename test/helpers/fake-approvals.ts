/** Approvals in memory: one that waits, and one grant. */
import type { Services } from '../../daemon/worker/http/services.js';
import type { ApprovalDocument, GrantDocument } from '../../shared/api/tools/approvals.js';
import { GatewayError } from '../../shared/errors.js';

export const fakeApproval: ApprovalDocument = {
  id: 12,
  state: 'pending',
  tool: 'files__write_file',
  input: { path: '/tmp/notes.txt', content: 'Lunch at noon' },
  said: 'I will write that down.',
  agentId: 'main',
  session: 'main:webchat:default:direct:desk',
  turnId: 'turn_1',
  askedAt: '2026-01-31T08:00:00.000Z',
  expiresAt: '2026-02-01T08:00:00.000Z',
  decidedAt: null,
  decidedBy: null,
  note: null,
  remember: null,
};

export const fakeGrant: GrantDocument = {
  id: 3,
  agentId: 'main',
  session: null,
  tool: 'files__write_file',
  approvalId: 11,
  grantedAt: '2026-01-31T07:00:00.000Z',
};

function find<Document extends { readonly id: number }>(document: Document, id: number): Document {
  if (id === document.id) return document;
  throw new GatewayError('NOT_FOUND', { message: `there is no ${id}` });
}

export function fakeApprovals(calls: { name: string; input: unknown }[]): Services['approvals'] {
  const note = (name: string, input: unknown): void => void calls.push({ name: `approvals.${name}`, input });
  return {
    async list(query) {
      note('list', query);
      return { approvals: [fakeApproval], nextCursor: null };
    },
    async get(id) {
      note('get', id);
      return find(fakeApproval, id);
    },
    async decide(decision) {
      note('decide', decision);
      return { ...find(fakeApproval, decision.id), state: decision.decision === 'approve' ? 'approved' : 'denied' };
    },
    async grants() {
      note('grants', undefined);
      return [fakeGrant];
    },
    async removeGrant(id) {
      note('removeGrant', id);
      return find(fakeGrant, id);
    },
  };
}
