/** The tables of samples, of model calls and of their cost, as the code sees them. */
import type { Generated, Selectable } from 'kysely';
import type { CallKind } from '../../../../shared/api/gateway/usage.js';

/** What happened in one minute. `minute`: since 1970. */
export interface MinuteSampleTable {
  minute: number;
  /** Workers that began in it. */
  starts: number;
  requests: number;
  /** Answered with 500 and above. */
  failed_requests: number;
  turns: number;
  failed_turns: number;
  input_tokens: number;
  output_tokens: number;
  /** Longest delay of the worker's event loop. */
  late_ms: number;
  rss_bytes: number;
}

/** One model call. It failed if it has an error. */
export interface ModelCallTable {
  seq: Generated<number>;
  /** `provider/model`. */
  model: string;
  ended_at: number;
  first_token_ms: number | null;
  error: string | null;
}

/** `payer`: see `spending.ts`. */
export interface SpendingTable {
  day: string;
  payer: string;
  usd: number;
}

/** The reservation of a running call. `payers` is a JSON list. */
export interface SpendingReservationTable {
  id: string;
  instance_id: string;
  day: string;
  payers: string;
  usd: number;
}

/** `slot`: quarters of an hour since 1970. The texts are empty where there is none. */
export interface CallUsageTable {
  slot: number;
  kind: CallKind;
  model: string;
  agent_id: string;
  token_id: string;
  token_name: string;
  calls: number;
  input_tokens: number;
  output_tokens: number;
  cache_read_tokens: number;
  cache_write_tokens: number;
  unpriced_calls: number;
  cost_usd: number;
}

export type MinuteSampleRow = Selectable<MinuteSampleTable>;
export type CallUsageRow = Selectable<CallUsageTable>;
