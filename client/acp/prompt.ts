/** One prompt as a state machine: takes the frames of its session and produces updates for the editor and the final result. */
import type { SessionUpdate } from '@agentclientprotocol/sdk';
import type { ChatPosition, ServerFrame } from '../../shared/api/socket.js';
import type { CutOff } from '../../shared/turn-usage.js';
import { ShownText } from './shown-text.js';

/** How a prompt ended. `error`: the gateway's message. */
export type PromptEnd =
  | { readonly state: 'done'; readonly cutOff?: CutOff | undefined }
  | { readonly state: 'aborted' }
  | { readonly state: 'error'; readonly error: string };

/** The states in which a turn has ended; in any other state it continues. */
const ENDED: ReadonlySet<string> = new Set(['done', 'aborted', 'error']);

type Frame<Type extends ServerFrame['type']> = Extract<ServerFrame, { type: Type }>;
type ToolStep = Frame<'tool'>['tool'];

/** The answer in progress. Its text is held back until the question has been seen, because before that it may answer someone else. */
interface Live {
  readonly turn: string;
  length: number;
  readonly words: string[];
  readonly tools: ToolStep[];
  /** How many entries of `tools` the editor has received. */
  shownTools: number;
}

export interface PromptOptions {
  readonly onUpdate: (update: SessionUpdate) => void;
  /** Returns the tool call id that the editor was shown when it was asked about a call of a turn, once for each question. */
  readonly askedCall?: (call: { readonly turn: string; readonly tool: string }) => string | undefined;
}

export class Prompt {
  readonly #onUpdate: (update: SessionUpdate) => void;
  readonly #askedCall: NonNullable<PromptOptions['askedCall']>;
  readonly #text = new ShownText();
  /** The tool calls that the editor has received. `isOpen`: without a result so far. */
  readonly #calls = new Map<string, { readonly name: string; isOpen: boolean }>();
  #questionId: string | undefined;
  #questionSeq: number | undefined;
  #lastSeq = 0;
  /** The newest answer or failure after the question. */
  #last: Frame<'message'> | undefined;
  #live: Live | undefined;
  #isAnnounced = false;
  /** Its turn, while that waits for a person. */
  #waiting: string | undefined;

  constructor({ onUpdate, askedCall = () => undefined }: PromptOptions) {
    this.#onUpdate = onUpdate;
    this.#askedCall = askedCall;
  }

  /** Whether its turn has begun. Before that, an answer in its session is for someone else. */
  get isBegun(): boolean {
    return this.#questionSeq !== undefined;
  }

  /** Whether its turn waits for a person. */
  get isWaiting(): boolean {
    return this.#waiting !== undefined;
  }

  /** Called with each connection, once the gateway has the question. @returns the position from which to watch its session */
  follow(questionId: string): ChatPosition {
    this.#questionId = questionId;
    this.#isAnnounced = false;
    const { turn: id = this.#waiting, length = 0, tools = [] } = this.#live ?? {};
    return {
      ...(this.#lastSeq === 0 ? {} : { after: this.#lastSeq }),
      ...(id === undefined ? {} : { turn: { id, length, tools: tools.length } }),
    };
  }

  /** @returns the end of the prompt, when the frame brings it */
  receive(frame: ServerFrame): PromptEnd | undefined {
    switch (frame.type) {
      case 'reset':
        this.#forget(0);
        return;
      case 'rewound':
        this.#forget(frame.fromSeq);
        return;
      case 'message':
        return this.#onMessage(frame);
      case 'turn':
        return this.#onTurn(frame);
      case 'delta':
        if (this.#live?.turn !== frame.turn) return;
        this.#live.length = frame.at + frame.text.length;
        this.#live.words.push(frame.text);
        this.#show();
        return;
      case 'tool':
        if (this.#live?.turn !== frame.turn) return;
        this.#live.tools[frame.index] = frame.tool;
        this.#show();
        return;
      case 'current':
        // The turn may have ended while there was no connection.
        return this.#isAnnounced ? undefined : this.#endByMessage();
      default:
        return;
    }
  }

  #forget(fromSeq: number): void {
    if (this.#questionSeq !== undefined && this.#questionSeq >= fromSeq) this.#questionSeq = undefined;
    if (this.#last !== undefined && this.#last.seq >= fromSeq) this.#last = undefined;
    this.#lastSeq = Math.min(this.#lastSeq, Math.max(0, fromSeq - 1));
  }

  #onMessage(frame: Frame<'message'>): PromptEnd | undefined {
    const { seq, message } = frame;
    this.#lastSeq = seq;
    if (message.id === this.#questionId) this.#questionSeq = seq;
    else if (this.#questionSeq !== undefined && message.role === 'assistant') this.#say(this.#text.complete(message.content));
    if (this.#questionSeq !== undefined && (message.role === 'assistant' || message.role === 'system')) this.#last = frame;
    this.#show();
    // A notice while no turn runs is the only answer.
    const isRefused = message.role === 'system' && this.#live === undefined && (message.turn === undefined || !this.isWaiting);
    return isRefused ? this.#endByMessage() : undefined;
  }

  #onTurn({ turn, state, at = 0 }: Frame<'turn'>): PromptEnd | undefined {
    this.#waiting = ENDED.has(state) || state === 'running' ? undefined : turn;
    if (state === 'running') {
      this.#isAnnounced = true;
      // A turn that has waited repeats its text.
      if (this.#live?.turn === turn && this.#live.length === at) return undefined;
      this.#live = { turn, length: 0, words: [], tools: [], shownTools: 0 };
      this.#text.begin();
      for (const call of this.#calls.values()) call.isOpen = false;
      return;
    }
    this.#live = undefined;
    if (this.isWaiting || this.#questionSeq === undefined) return undefined;
    const answered = this.#last?.message.turn?.id;
    // The answer may be that of a later attempt.
    if (answered !== undefined && answered !== turn) return this.#endByMessage();
    if (state === 'done') return this.#done();
    // Each failure has a message. An attempt that was interrupted has none if the next one was stopped before its first word.
    return state === 'error' && this.#last !== undefined ? { state, error: this.#last.message.content } : { state: 'aborted' };
  }

  #endByMessage(): PromptEnd | undefined {
    if (this.#last === undefined) return undefined;
    const { role, status, content } = this.#last.message;
    if (role === 'system') return { state: 'error', error: content };
    return status === 'aborted' ? { state: 'aborted' } : this.#done();
  }

  #done(): PromptEnd {
    return { state: 'done', cutOff: this.#last?.message.turn?.cutOff };
  }

  #show(): void {
    if (this.#live === undefined || this.#questionSeq === undefined) return;
    const { turn, tools, shownTools } = this.#live;
    for (const step of tools.slice(shownTools)) this.#onTool(step, { turn, index: this.#live.shownTools++ });
    for (const words of this.#live.words.splice(0)) this.#say(this.#text.add(words));
  }

  #say(text: string): void {
    if (text !== '') this.#onUpdate({ sessionUpdate: 'agent_message_chunk', content: { type: 'text', text } });
  }

  /** A call that the editor was asked about keeps its id. Otherwise a step of a later attempt gets the id of the step that it repeats. */
  #onTool({ name, state, detail }: ToolStep, { turn, index }: { turn: string; index: number }): void {
    const content = detail === '' ? [] : [{ type: 'content' as const, content: { type: 'text' as const, text: detail } }];
    if (state === 'call') {
      const asked = this.#askedCall({ turn, tool: name });
      const toolCallId = asked ?? `${this.#questionId}:${index}`;
      const isKnown = asked !== undefined || this.#calls.has(toolCallId);
      const began = { toolCallId, title: name, kind: 'other' as const, status: 'in_progress' as const, content };
      this.#onUpdate({ sessionUpdate: isKnown ? 'tool_call_update' : 'tool_call', ...began });
      this.#calls.set(toolCallId, { name, isOpen: true });
      return;
    }
    const [toolCallId, call] = [...this.#calls].find(([, one]) => one.isOpen && one.name === name) ?? [];
    if (toolCallId === undefined || call === undefined) return;
    call.isOpen = false;
    this.#onUpdate({ sessionUpdate: 'tool_call_update', toolCallId, status: state === 'error' ? 'failed' : 'completed', content });
  }
}
