/**
 * The end of a drain, in milliseconds after the drain time. At the drain time itself, requests and turns are aborted; until the end,
 * partial answers are stored and sent.
 */
export const DRAIN_END = {
  /** The worker destroys the remaining connections and closes its store. */
  answersMs: 200,
  /** The supervisor kills the worker with its process group. */
  killMs: 300,
} as const;
