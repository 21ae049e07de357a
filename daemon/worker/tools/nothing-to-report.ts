/** The tool `nothing_to_report`: ends a scheduled turn without a message to its chat. */
import { readInput, readOptionalText, type Tool } from './tool.js';

export const NOTHING_TO_REPORT = 'nothing_to_report';

const MAX_REASON_LENGTH = 1_000;

export function createNothingToReportTool(): Tool {
  return {
    definition: {
      name: NOTHING_TO_REPORT,
      description:
        'Ends this scheduled run without sending a message. Call it, and write no answer, when there is nothing that the person needs to know.',
      inputSchema: {
        type: 'object',
        properties: { reason: { type: 'string', description: 'Why, in one sentence, for the history of the schedule.' } },
        additionalProperties: false,
      },
    },
    hasEffects: false,
    isRepeatable: true,
    isBuiltIn: true,
    async run(input) {
      readOptionalText(readInput(input ?? {}, ['reason']), 'reason', MAX_REASON_LENGTH);
      return 'Nothing is sent; this run ends here.';
    },
  };
}
