/** The request for a turn. */
import type { AgentConfig } from '../../../shared/config/schema.js';
import type { Asker } from '../providers/failure.js';
import type { Decider } from '../store/approvals/approvals.js';
import type { NewSession } from '../store/conversations/sessions.js';
import type { Lane } from '../store/delivery/outbox.js';
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
  /**
   * Returns the text to use in place of `text`. Called when it is the turn's time in its session, before the question is stored.
   * @throws the error that ends the turn
   */
  readonly hear?: (signal: AbortSignal) => Promise<string>;
  readonly candidates: readonly [Candidate, ...Candidate[]];
  /** The kind of requester: in chats a text that begins with a slash is a command, for programs only `/new`, for jobs none. */
  readonly asker: Exclude<Asker, 'stateless'>;
  /** Whether an answer in its chat was stopped when the text came in. Default: none was. */
  readonly hasStopped?: boolean;
  /** How many earlier messages the command has taken back. Default: none. */
  readonly withdrawn?: number;
  /** Who decides with a command about an approval. Default: the chat. */
  readonly decider?: Decider | undefined;
  /** The id of the question's message, if it already has one. */
  readonly messageId?: string;
  /** The interrupted turn that answered the question before: this one continues from its finished steps. */
  readonly previousTurnId?: string | undefined;
  /** The chat to which the reply is delivered, if it is not the chat of the question. Only stored: `hooks` deliver the reply. */
  readonly replyTo?: Lane | undefined;
  readonly hooks?: TurnHooks;
  /** The requester, for the log and for limits: `jobId`, `runId`, `jobDailyUsd`, `tokenId`. */
  readonly origin?: Readonly<Record<string, string>>;
  /** The parent span. Without one, a turn starts its own trace. */
  readonly span?: Span | undefined;
}

/** Returns the start of a turn's span. */
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

/** Returns the end of a turn's span. */
export function turnSpanEnd(last: TurnEvent): SpanEnd {
  if (last.type === 'error') return { error: last.error.code };
  if (last.type !== 'done') return {};
  const { inputTokens, outputTokens } = last.usage;
  return { attributes: { 'gen_ai.usage.input_tokens': inputTokens, 'gen_ai.usage.output_tokens': outputTokens } };
}
