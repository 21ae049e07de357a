/** Approvals and grants as the API shows them. */
import { isoTime } from '../../../shared/clock.js';
import type { ApprovalDocument, GrantDocument } from '../../../shared/api/tools/approvals.js';
import type { Approval, Decider } from '../store/approvals/approvals.js';
import type { Grant } from '../store/approvals/grants.js';

/** Who decided, in words. */
export const sayDecider = ({ via, name }: Decider): string => (name === null ? via : `${name} (${via})`);

/** The input is not masked: the model chooses the names in it, and the person who decides has to see everything. */
export function approvalDocument(approval: Approval): ApprovalDocument {
  const { id, state, tool, input, said, agentId, sessionKey, turnId, askedAtMs, expiresAtMs, decidedAtMs } = approval;
  return {
    id,
    state,
    tool,
    input,
    said,
    agentId,
    session: sessionKey,
    turnId,
    askedAt: isoTime(askedAtMs),
    expiresAt: isoTime(expiresAtMs),
    decidedAt: isoTime(decidedAtMs),
    decidedBy: approval.decidedBy,
    note: approval.note,
    remember: approval.remember,
  };
}

export function grantDocument({ id, agentId, sessionKey, tool, approvalId, grantedAtMs }: Grant): GrantDocument {
  return { id, agentId, session: sessionKey, tool, approvalId, grantedAt: isoTime(grantedAtMs) };
}
