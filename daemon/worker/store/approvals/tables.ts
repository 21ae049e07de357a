/** The tables of approvals. Times are epoch milliseconds. */
import type { Generated } from 'kysely';
import type { ApprovalState, Remember } from '../../../../shared/api/tools/approval-states.js';

/** A tool call that a person decides about. `seq` is its number for people. */
export interface ApprovalTable {
  seq: Generated<number>;
  turn_id: string;
  step: number;
  call_index: number;
  session_id: number;
  agent_id: string;
  tool: string;
  /** JSON. */
  input: string;
  /** The agent's text before the call. */
  said: string;
  state: ApprovalState;
  asked_at: number;
  expires_at: number;
  /** Null while it is pending; otherwise when it ended, for whatever reason. */
  decided_at: number | null;
  /** Where a person decided: the name of a channel, or `page`, `api`, `command`. */
  decided_via: string | null;
  decided_by: string | null;
  note: string | null;
  remember: Remember | null;
  /** The message that asks in a chat; null if there is none, or it already shows the outcome. */
  message_id: Generated<string | null>;
}

/** A tool that no longer needs a question. */
export interface ApprovalGrantTable {
  seq: Generated<number>;
  agent_id: string;
  /** Null: in all sessions of the agent. */
  session_id: number | null;
  tool: string;
  /** The approval with which it was granted. */
  approval_seq: number;
  granted_at: number;
}
