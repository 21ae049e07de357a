/** Whether a model has ended its turn with the tool `nothing_to_report`. */
import { NOTHING_TO_REPORT } from '../../tools/nothing-to-report.js';
import type { StepMessage } from './context.js';

/** Returns the reason given by the last step, possibly empty; undefined if it did not call the tool, or not correctly. */
export function nothingToReport(steps: readonly StepMessage[]): string | undefined {
  const [called, answered] = steps.slice(-2);
  if (called?.role !== 'toolCalls' || answered?.role !== 'toolResults') return undefined;
  const result = answered.results.find(({ name, isError }) => name === NOTHING_TO_REPORT && !isError);
  if (result === undefined) return undefined;
  const { reason } = (called.calls.find(({ id }) => id === result.callId)?.input ?? {}) as { reason?: unknown };
  return typeof reason === 'string' ? reason : '';
}
