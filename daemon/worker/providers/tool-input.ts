/** Reads the input of a tool call as a model wrote it. */
import { inexactNumber } from '../../../shared/node/exact-json.js';
import { isTooDeep, TOO_DEEP } from '../../../shared/node/json-guard.js';
import type { ToolCall } from './provider.js';

const MAX_SHOWN = 200;

/** Reads the input of a call. The person who approves the call and the tool both get exactly this input; otherwise it has a problem. */
export function readToolInput(text: string): Pick<ToolCall, 'input' | 'problem'> {
  if (text.trim() === '') return { input: {} };
  const refuse = (problem: string) => ({ input: {}, problem });
  let input: unknown;
  try {
    input = JSON.parse(text);
  } catch {
    return refuse(`it is not JSON: ${text.slice(0, MAX_SHOWN)}`);
  }
  if (isTooDeep(input)) return refuse(`it ${TOO_DEEP}`);
  const problem = inexactNumber(text);
  return problem === undefined ? { input } : refuse(problem);
}
