/** `/api/approvals`: tool calls that wait for a person's decision, and tools that no longer need one. */
import * as z from 'zod';
import { APPROVAL_STATES, REMEMBER } from './approval-states.js';
import { label, okStatus, queryInteger } from '../fields.js';

/** Query of `GET /api/approvals`. */
export const approvalListQuery = () =>
  z.strictObject({
    state: z.enum(APPROVAL_STATES).optional(),
    /** The key of a session. */
    session: label(512).optional(),
    limit: queryInteger(1, 200).optional(),
    /** `nextCursor` of the previous page. */
    cursor: queryInteger(1, 999_999_999).optional(),
  });
export type ApprovalListQuery = z.output<ReturnType<typeof approvalListQuery>>;

/** The path parameter `:id`. */
export const approvalNumber = () => queryInteger(1, 999_999_999);

/** A tool call that a person decides about. */
export const approvalDocument = () =>
  z.strictObject({
    /** A running number for people to type. */
    id: z.int().min(1),
    state: z.enum(APPROVAL_STATES),
    tool: z.string(),
    /** The input as the model wrote it and as the tool gets it. */
    input: z.unknown(),
    /** The agent's text before the call, at most 2,000 characters. */
    said: z.string(),
    agentId: z.string(),
    /** The key of the session. */
    session: z.string(),
    turnId: z.string(),
    askedAt: z.iso.datetime(),
    expiresAt: z.iso.datetime(),
    /** When it stopped being pending. */
    decidedAt: z.iso.datetime().nullable(),
    /** Who decided: `via` is the name of a channel, or `page`, `api` or `command`; `name` that of the sender or the access token. */
    decidedBy: z.strictObject({ via: z.string(), name: z.string().nullable() }).nullable(),
    note: z.string().nullable(),
    /** Which later calls it covers. */
    remember: z.enum(REMEMBER).nullable(),
  });
export type ApprovalDocument = z.output<ReturnType<typeof approvalDocument>>;

export const approvalListResponse = () =>
  z.strictObject({ status: okStatus(), approvals: z.array(approvalDocument()), nextCursor: z.string().nullable() });
/** Response to `GET /api/approvals/:id` and `POST /api/approvals/:id/decide`. */
export const approvalResponse = () => z.strictObject({ status: okStatus(), approval: approvalDocument() });

/** Body of `POST /api/approvals/:id/decide`. `remember` needs the decision `approve`. */
export const decisionRequest = () =>
  z
    .strictObject({
      decision: z.enum(['approve', 'deny']),
      remember: z.enum(REMEMBER).optional(),
      /** Shown to the agent, and to people later. */
      note: z.string().min(1).max(2_000).optional(),
    })
    .refine(({ decision, remember }) => decision === 'approve' || remember === undefined, {
      path: ['remember'],
      error: 'is only for the decision approve',
    });
export type DecisionRequest = z.output<ReturnType<typeof decisionRequest>>;

/** A tool that an agent may use without asking, as long as the configuration does not deny it. */
export const grantDocument = () =>
  z.strictObject({
    id: z.int().min(1),
    agentId: z.string(),
    /** The key of the session that it covers; null: all sessions of the agent. */
    session: z.string().nullable(),
    tool: z.string(),
    /** The approval with which it was granted. */
    approvalId: z.int().min(1),
    grantedAt: z.iso.datetime(),
  });
export type GrantDocument = z.output<ReturnType<typeof grantDocument>>;

export const grantListResponse = () => z.strictObject({ status: okStatus(), grants: z.array(grantDocument()) });
/** Response to `DELETE /api/approvals/grants/:id`. */
export const grantRemoved = () => z.strictObject({ status: okStatus(), grant: grantDocument() });
