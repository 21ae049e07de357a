/** Keeps what tools have said in a turn within a share of the model's context: the oldest results are left out first. */
import { estimateTokens } from './context.js';
import type { StepMessage } from './turn.js';

const LEFT_OUT = '(left out: the context is full)';

const tokensOf = (message: StepMessage): number =>
  message.role === 'toolResults'
    ? message.results.reduce((sum, { output }) => sum + estimateTokens(output), 0)
    : estimateTokens(message.content) + estimateTokens(JSON.stringify(message.calls.map(({ input }) => input)));

/** @returns the steps, every call with a result, and how many tokens they come to */
export function fitSteps(steps: readonly StepMessage[], budgetTokens: number): { steps: StepMessage[]; tokens: number } {
  let tokens = steps.reduce((sum, step) => sum + tokensOf(step), 0);
  const fitted = steps.map((step): StepMessage => {
    if (tokens <= budgetTokens || step.role !== 'toolResults') return step;
    const results = step.results.map((result) => {
      const saved = estimateTokens(result.output) - estimateTokens(LEFT_OUT);
      if (tokens <= budgetTokens || saved <= 0) return result;
      tokens -= saved;
      return { ...result, output: LEFT_OUT };
    });
    return { ...step, results };
  });
  return { steps: fitted, tokens };
}
