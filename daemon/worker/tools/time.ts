/** The tool `time`: returns the current date and time. */
import type { Clock } from '../../../shared/clock.js';
import { builtIn, type Tool, ToolError } from './tool.js';

function inZone(nowMs: number, timeZone: string | undefined): string {
  try {
    const format = new Intl.DateTimeFormat('en-GB', {
      dateStyle: 'full',
      timeStyle: 'long',
      ...(timeZone === undefined ? {} : { timeZone }),
    });
    return `${format.format(nowMs)} (${format.resolvedOptions().timeZone})`;
  } catch {
    throw new ToolError(`invalid time zone '${timeZone}'; write it like Europe/Berlin`);
  }
}

export function createTimeTool(clock: Clock): Tool {
  return builtIn({
    name: 'time',
    description: 'Returns the current date and time.',
    fields: {
      timezone: { description: "IANA time zone, e.g. Europe/Berlin. Default: the gateway's own.", maxLength: 64, isOptional: true },
    },
    async run({ timezone }) {
      const nowMs = clock.now();
      return `${new Date(nowMs).toISOString()}\n${inZone(nowMs, timezone)}`;
    },
  });
}
