/** A conversation as it happens, for those who watch it. */
import type { MessageDocument, SessionDocument } from '../../../shared/api/sessions.js';

/** What a watcher has already. */
export interface ChatPosition {
  /** `seq` of the last message that it has; undefined: it has none and wants the newest ones. */
  readonly afterSeq?: number;
  /** What it has of the answer that was being given: how many UTF-16 units of its text, how many tool events. */
  readonly turn?: { readonly id: string; readonly length: number; readonly tools: number };
}

export interface ToolStep {
  readonly name: string;
  readonly state: 'call' | 'result' | 'error';
  readonly detail: string;
}

/** In order. `seq` is the message's durable number: it grows over all sessions and is never used twice. */
export type ChatEvent =
  /** What the watcher has is no longer so: it starts anew. */
  | { readonly type: 'reset' }
  | { readonly type: 'message'; readonly seq: number; readonly message: MessageDocument }
  /** Messages from this one on were taken back. */
  | { readonly type: 'rewound'; readonly fromSeq: number }
  /**
   * An answer is being given: what comes next of its text begins at `at`. `isElsewhere`: by a worker that is ending; its text
   * comes a moment later. `replaces`: the attempt at it that was cut, and what had been said in it: nothing of this turn
   * continues that.
   */
  | {
      readonly type: 'turn';
      readonly turn: string;
      readonly state: 'running';
      readonly at: number;
      readonly isElsewhere: boolean;
      readonly replaces?: { readonly turn: string; readonly text: string } | undefined;
    }
  | { readonly type: 'turn'; readonly turn: string; readonly state: 'done' | 'aborted' | 'error' }
  | { readonly type: 'delta'; readonly turn: string; readonly at: number; readonly text: string }
  | ({ readonly type: 'tool'; readonly turn: string; readonly index: number } & { readonly tool: ToolStep })
  /** All that is on disk has been given; more comes as it happens. `hasOlder`: there are messages before the first that was given. */
  | { readonly type: 'current'; readonly hasOlder: boolean };

export interface ChatInput {
  readonly session: string;
  readonly content: string;
  /** The same key again is the same message. */
  readonly key: string;
  /** Takes the place of that message and all after it, which stay as a variant of it. */
  readonly replaceFrom?: string;
  /** Ids of files of the session. */
  readonly attachments?: readonly string[];
}

export interface ChatService {
  /**
   * Follows a session until the signal. It is asked for the next event when the last has been taken care of: a slow
   * watcher gets the same in fewer, larger pieces and costs no memory.
   * @throws SESSION_NOT_FOUND
   */
  watch(session: string, position: ChatPosition, signal: AbortSignal): AsyncIterable<ChatEvent>;
  /**
   * Takes a message for the agent. On disk when it resolves, and answered by whichever worker lives.
   * @throws SESSION_NOT_FOUND; CONFLICT for a session of another channel, for a key that stands for another content, and
   * for `replaceFrom` while an answer is being given
   */
  send(input: ChatInput): Promise<{ messageId: string; isRepeated: boolean }>;
  /**
   * Asks for another answer to that message, or to the question that it answers; the ones before stay as variants.
   * @returns the question @throws as {@link send}
   */
  regenerate(input: { session: string; messageId: string; key: string }): Promise<{ messageId: string; isRepeated: boolean }>;
  /**
   * Makes a variant the one that the conversation goes on from, with the newest of what followed it.
   * @throws SESSION_NOT_FOUND; CONFLICT for a message of another session, and while an answer is being given
   */
  choose(session: string, messageId: string): Promise<SessionDocument>;
  /** Ends the answer that is being given; what was said is kept. @returns whether there was one here */
  stop(session: string): boolean;
  /** Whether an answer is being given here. */
  isAnswering(session: string): boolean;
}
