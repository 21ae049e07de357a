/** What a tool has done in an earlier turn: kept in the conversation as a text for people, given to models as what it was. */
import type { ToolCallMessage, ToolResultMessage } from '../../providers/provider.js';

/** What a model may need of it later; the whole is in the conversation. */
const MAX_OUTPUT_LENGTH = 4_000;
const LEFT_OUT = '\n(the rest is left out)';

export interface PastToolUse {
  readonly name: string;
  /** As it was kept: JSON, or the beginning of a long one. */
  readonly input: string;
  readonly output: string;
  readonly isError: boolean;
}

/** The text that is kept. */
export function describeToolUse({ name, input, output }: Omit<PastToolUse, 'isError'>): string {
  return `${name} ${input}\n\n${output}`;
}

/** The reverse of {@link describeToolUse}. @returns undefined for a text that is none of its kind */
export function parseToolUse(text: string): Omit<PastToolUse, 'isError'> | undefined {
  const [, name, input, output] = /^([\w-]{1,64}) ([^\n]*)\n\n([\s\S]*)$/.exec(text) ?? [];
  return name === undefined || input === undefined || output === undefined ? undefined : { name, input, output };
}

function inputOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return { text };
  }
}

/** A call and its result. @param id  some providers take nine letters and digits, and all take those */
export function toolUseMessages(id: string, use: PastToolUse): readonly [ToolCallMessage, ToolResultMessage] {
  const { name, input, isError } = use;
  const output =
    use.output.length <= MAX_OUTPUT_LENGTH
      ? use.output
      : `${use.output.slice(0, MAX_OUTPUT_LENGTH).replace(/\p{Surrogate}$/u, '')}${LEFT_OUT}`;
  return [
    { role: 'toolCalls', content: '', calls: [{ id, name, input: inputOf(input) }], ref: '' },
    { role: 'toolResults', results: [{ callId: id, name, output, isError }] },
  ];
}
