/** Tool calls of earlier turns: stored as text for people, passed to models as a call and its result. */
import { cutText } from '../../../../shared/text/one-line.js';
import type { ChatImage, ToolCallMessage, ToolResultMessage } from '../../providers/provider.js';

/** The part that a model gets; the conversation has all of it. */
const MAX_OUTPUT_LENGTH = 4_000;
const LEFT_OUT = '\n(the rest is omitted)';

export interface PastToolUse {
  readonly name: string;
  /** JSON, or the beginning of a long one. */
  readonly input: string;
  readonly output: string;
  readonly isError: boolean;
  readonly images?: readonly ChatImage[] | undefined;
}

/** Returns the text that is stored. */
export function describeToolUse({ name, input, output }: Omit<PastToolUse, 'isError'>): string {
  return `${name} ${input}\n\n${output}`;
}

/** The reverse of {@link describeToolUse}. @returns undefined for any other text */
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

/** Returns a call and its result. @param id  nine letters or digits, which every provider accepts */
export function toolUseMessages(id: string, use: PastToolUse): readonly [ToolCallMessage, ToolResultMessage] {
  const { name, input, isError, images } = use;
  const output = cutText(use.output, MAX_OUTPUT_LENGTH, LEFT_OUT);
  return [
    { role: 'toolCalls', content: '', calls: [{ id, name, input: inputOf(input) }], ref: '' },
    { role: 'toolResults', results: [{ callId: id, name, output, isError, ...(images && { images }) }] },
  ];
}
