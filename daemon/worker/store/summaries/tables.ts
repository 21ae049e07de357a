/** The table of summaries. Times are epoch milliseconds. */

/**
 * A summary that replaces the older messages of a session in a model's context. It is valid while its last message is on the chosen
 * branch.
 */
export interface SessionSummaryTable {
  id: string;
  session_id: number;
  /** The `seq` of the last message that it covers. */
  covers_seq: number;
  content: string;
  /** `provider/model` that wrote it. */
  model: string;
  input_tokens: number | null;
  output_tokens: number | null;
  /** US dollars; null if a price is unknown. */
  cost_usd: number | null;
  created_at: number;
  /** When a reader chose the full history instead. */
  undone_at: number | null;
  /** The newest message of the session at that time. */
  undone_seq: number | null;
}
