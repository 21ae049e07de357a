/** Approvals and grants as the API shows them. */
import { isoTime } from '../../../shared/clock.js';
import type { ApprovalDocument, GrantDocument } from '../../../shared/api/tools/approvals.js';
import { rebuild } from '../../../shared/config/interpolate.js';
import { HIDDEN_SECRET, isSecretName } from '../../../shared/config/secrets.js';
import type { Approval, Decider } from '../store/approvals/approvals.js';
import type { Grant } from '../store/approvals/grants.js';

/** Who decided, in words. */
export const sayDecider = ({ via, name }: Decider): string => (name === null ? via : `${name} (${via})`);

/** A URL stays readable: who decides about a call has to see it. */
function maskInput(input: unknown): unknown {
  const mask = (value: unknown, path: readonly (string | number)[]): unknown => {
    const name = path.findLast((segment) => typeof segment === 'string');
    const isText = typeof value === 'string' || typeof value === 'number';
    return isText && name !== undefined && isSecretName(String(name)) ? HIDDEN_SECRET : value;
  };
  return rebuild(input, mask).value;
}

/** Without the values of secrets in the input. */
export function approvalDocument(approval: Approval): ApprovalDocument {
  const { id, state, tool, input, said, agentId, sessionKey, turnId, askedAtMs, expiresAtMs, decidedAtMs } = approval;
  return {
    id,
    state,
    tool,
    input: maskInput(input),
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
