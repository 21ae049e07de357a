/** The tables of a turn's finished steps. Texts of several fields are JSON. */

/** A step of a model that called tools. */
export interface TurnStepTable {
  /** Id of the turn, or of the background response. */
  turn_id: string;
  /** From 0. */
  step: number;
  /** `provider/model`. */
  ref: string;
  text: string;
  /** The calls, each with the key under which its effect happens once. */
  calls: string;
  /** The step in its vendor's own form. */
  vendor: string | null;
  /** Of this step and all before it. */
  usage: string;
  created_at: number;
}

/** A tool call that has begun: without a row, it has not. */
export interface TurnCallTable {
  turn_id: string;
  step: number;
  /** Among the calls of its step, from 0. */
  call_index: number;
  state: 'begun' | 'done';
  /** Null until it is done. */
  output: string | null;
  is_error: number;
}
