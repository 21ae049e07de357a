import type { ServerFrame } from '../../../../../shared/api/socket.js';

type TurnFrame = Extract<ServerFrame, { type: 'turn' }>;
export type ToolStep = Extract<ServerFrame, { type: 'tool' }>['tool'];

/** An answer in progress. */
export interface LiveAnswer {
  readonly turn: string;
  readonly text: string;
  readonly tools: readonly ToolStep[];
  /** The answer of a worker that is ending: its text arrives a moment later. */
  readonly isElsewhere: boolean;
  /** The text of an interrupted attempt that this one replaces. */
  readonly earlier: string;
}

/** Returns the text to show: the earlier attempt as long as the new one repeats it. */
export function shownText({ text, earlier }: LiveAnswer): string {
  return earlier.startsWith(text) ? earlier : text;
}

/** Returns an answer that begins, in the place of another. The earlier text of a restarted one stays visible. */
export function beginAnswer({ turn, elsewhere = false, replaces }: TurnFrame, live: LiveAnswer | undefined): LiveAnswer {
  const shown = live === undefined || replaces === undefined ? '' : shownText(live);
  const told = replaces?.text ?? '';
  return { turn, text: '', tools: [], isElsewhere: elsewhere, earlier: shown.length > told.length ? shown : told };
}
