/** What a turn is started with. */
import type { AgentConfig } from '../../../shared/config/schema.js';
import type { Asker } from '../providers/failure.js';
import type { NewSession } from '../store/conversations/sessions.js';
import type { Candidate } from './model/answer.js';
import type { TurnHooks } from './turn-journal.js';

/** One turn to run, everything about it decided. */
export interface TurnRequest {
  readonly agent: AgentConfig;
  readonly session: NewSession;
  readonly mustExist: boolean;
  readonly text: string;
  readonly candidates: readonly [Candidate, ...Candidate[]];
  /** Who asks: in chats a text that begins with a slash is a command, for programs only `/new`, for jobs none. */
  readonly asker: Exclude<Asker, 'stateless'>;
  /** The id of the question's message, where it has one already. */
  readonly messageId?: string;
  /** The interrupted turn that answered the question before. */
  readonly previousTurnId?: string | undefined;
  readonly hooks?: TurnHooks;
  /** What asked for it, for the log and for limits: `jobId`, `runId`, `tokenId`. */
  readonly origin?: Readonly<Record<string, string>>;
}
