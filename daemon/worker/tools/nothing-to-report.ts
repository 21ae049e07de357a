/** The tool `nothing_to_report`: ends a scheduled turn without a message to its chat. */
import { builtIn, type Tool } from './tool.js';

export const NOTHING_TO_REPORT = 'nothing_to_report';

export function createNothingToReportTool(): Tool {
  return builtIn({
    name: NOTHING_TO_REPORT,
    description:
      'Ends this scheduled run without sending a message. Call it, and write no answer, when there is nothing that the person needs to know.',
    fields: { reason: { description: 'Why, in one sentence, for the history of the schedule.', maxLength: 1_000, isOptional: true } },
    run: () => Promise.resolve('Nothing is sent; this run ends here.'),
  });
}
