/** What a turn is started with. */
import type { AgentConfig } from '../../../shared/config/schema.js';
import type { Asker } from '../providers/failure.js';
import type { NewSession } from '../store/conversations/sessions.js';
import { agentAttributes, modelAttributes } from '../tracing/gen-ai.js';
import type { Span, SpanEnd, SpanStart } from '../tracing/span.js';
import type { Candidate } from './model/answer.js';
import type { TurnEvent } from './turn-event.js';
import type { TurnHooks } from './turn-journal.js';

/** One turn to run, everything about it decided. */
export interface TurnRequest {
  readonly agent: AgentConfig;
  readonly session: NewSession;
  readonly mustExist: boolean;
  readonly text: string;
  /** Returns the text to use in place of `text`. Called in the session's turn, before the question is stored. @throws what ends the turn */
  readonly hear?: (signal: AbortSignal) => Promise<string>;
  readonly candidates: readonly [Candidate, ...Candidate[]];
  /** Who asks: in chats a text that begins with a slash is a command, for programs only `/new`, for jobs none. */
  readonly asker: Exclude<Asker, 'stateless'>;
  /** Whether an answer in its chat was stopped when the text came in. Default: none was. */
  readonly hasStopped?: boolean;
  /** The id of the question's message, where it has one already. */
  readonly messageId?: string;
  /** The interrupted turn that answered the question before: this one goes on from what it has finished. */
  readonly previousTurnId?: string | undefined;
  readonly hooks?: TurnHooks;
  /** What asked for it, for the log and for limits: `jobId`, `runId`, `jobDailyUsd`, `tokenId`. */
  readonly origin?: Readonly<Record<string, string>>;
  /** What asks for it. Without one, a turn is a trace of its own. */
  readonly span?: Span | undefined;
}

/** Returns how the span of a turn begins. */
export function turnSpan({ agent, session, candidates: [{ ref }] }: TurnRequest): SpanStart {
  return {
    name: `invoke_agent ${agent.id}`,
    attributes: {
      'gen_ai.operation.name': 'invoke_agent',
      ...agentAttributes(agent),
      ...modelAttributes(ref),
      'gen_ai.conversation.id': session.key,
    },
  };
}

/** Returns how it ends. */
export function turnSpanEnd(last: TurnEvent): SpanEnd {
  if (last.type === 'error') return { error: last.error.code };
  if (last.type !== 'done') return {};
  const { inputTokens, outputTokens } = last.usage;
  return { attributes: { 'gen_ai.usage.input_tokens': inputTokens, 'gen_ai.usage.output_tokens': outputTokens } };
}
