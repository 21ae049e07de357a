/** Finds the tool calls that were not run because of a decision. */
import type { ApprovalDocument } from '../../../../../shared/api/tools/approvals.js';

export interface ToolCall {
  readonly name: string;
  /** JSON; only the beginning if it is long. */
  readonly input: string;
  /** When its result was stored; undefined: just now. */
  readonly at: string | undefined;
}

/** Returns the last decision about a call, unless it was allowed. */
export function findRefusal(own: readonly ApprovalDocument[], { name, input, at }: ToolCall): 'denied' | 'expired' | undefined {
  const start = input.replace(/…$/, '');
  const isOfCall = ({ tool, input: asked, decidedAt }: ApprovalDocument): boolean =>
    tool === name &&
    (typeof asked === 'string' ? asked : JSON.stringify(asked)).startsWith(start) &&
    decidedAt !== null &&
    (at === undefined || decidedAt <= at);
  const state = own.findLast(isOfCall)?.state;
  return state === 'denied' || state === 'expired' ? state : undefined;
}
