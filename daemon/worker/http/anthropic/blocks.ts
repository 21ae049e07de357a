/** Turns the outputs of a completion into the content blocks of Anthropic's API, which follow each other and never overlap. */
import type { MessagesBlock, MessagesEvent } from '../../../../shared/api/anthropic/messages.js';
import type { CompletionOutput } from '../../models/completion-call.js';
import type { VendorData } from '../../providers/completion.js';
import { writeSignature } from './signature.js';

export type BlockEvent = Extract<MessagesEvent, { type: 'content_block_start' | 'content_block_delta' | 'content_block_stop' }>;
type Delta = Extract<BlockEvent, { type: 'content_block_delta' }>['delta'];

/**
 * What the caller sees of a model's reasoning. `none`: it did not ask for it, and gets only what Anthropic adds by itself; `omitted`: it
 * wants the blocks without their text.
 */
export type ThinkingDisplay = 'shown' | 'omitted' | 'none';

type Open = 'text' | 'thinking' | { readonly call: number };

/** A call of a tool that comes while another is being written. */
interface WaitingCall {
  readonly index: number;
  readonly id: string;
  readonly name: string;
  text: string;
  isComplete: boolean;
}

export class Blocks {
  readonly #display: ThinkingDisplay;
  #count = 0;
  #open: Open | undefined;
  #reasoning = '';
  #isRefused = false;
  readonly #waiting: WaitingCall[] = [];

  constructor(display: ThinkingDisplay) {
    this.#display = display;
  }

  /** Whether the model has said that it refuses. */
  get isRefused(): boolean {
    return this.#isRefused;
  }

  *read(output: CompletionOutput): Generator<BlockEvent> {
    switch (output.type) {
      case 'refusal':
      case 'text':
        this.#isRefused ||= output.type === 'refusal';
        if (this.#open !== 'text') yield* this.#begin('text', { type: 'text', text: '' });
        return yield this.#delta({ type: 'text_delta', text: output.text });
      case 'reasoning':
        return yield* this.#think(output.text);
      case 'reasoningEnd':
        return yield* this.#endThinking(output.vendor);
      case 'toolStart':
        return yield* this.#call({ index: output.index, id: output.id, name: output.name, text: '', isComplete: false });
      case 'toolArguments':
        return yield* this.#write(output.index, output.text);
      case 'toolEnd':
        return yield* this.#endCall(output.index);
      case 'finish':
        return yield* this.#close();
      case 'error': // the reader of outputs throws it
    }
  }

  #delta(delta: Delta): BlockEvent {
    return { type: 'content_block_delta', index: this.#count - 1, delta };
  }

  *#begin(open: Open, block: MessagesBlock): Generator<BlockEvent> {
    yield* this.#close();
    this.#open = open;
    this.#count += 1;
    yield { type: 'content_block_start', index: this.#count - 1, content_block: block };
  }

  #stop(): BlockEvent {
    this.#open = undefined;
    return { type: 'content_block_stop', index: this.#count - 1 };
  }

  /** Ends the open block, and writes the calls that waited for its end. */
  *#close(): Generator<BlockEvent> {
    if (this.#open !== undefined) yield this.#stop();
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      yield* this.#writeWaiting(next);
      yield this.#stop();
    }
  }

  *#think(text: string): Generator<BlockEvent> {
    if (this.#display !== 'shown') {
      this.#reasoning += text;
      return;
    }
    if (this.#open !== 'thinking') yield* this.#begin('thinking', { type: 'thinking', thinking: '', signature: '' });
    yield this.#delta({ type: 'thinking_delta', thinking: text });
  }

  *#endThinking(vendor: VendorData | undefined): Generator<BlockEvent> {
    const text = this.#reasoning;
    this.#reasoning = '';
    const redacted = vendor?.['anthropic']?.['redactedData'];
    if (typeof redacted === 'string') {
      yield* this.#begin('thinking', { type: 'redacted_thinking', data: redacted });
      return yield this.#stop();
    }
    if (this.#display === 'none' && vendor?.['anthropic'] === undefined) return;
    const signature = writeSignature({ ...(vendor === undefined ? {} : { vendor }), ...(this.#display === 'omitted' ? { text } : {}) });
    if (this.#open !== 'thinking') {
      if (vendor === undefined && text === '') return;
      yield* this.#begin('thinking', { type: 'thinking', thinking: '', signature: '' });
      if (this.#display === 'none' && text !== '') yield this.#delta({ type: 'thinking_delta', thinking: text });
    }
    yield this.#delta({ type: 'signature_delta', signature });
    yield this.#stop();
  }

  *#call(call: WaitingCall): Generator<BlockEvent> {
    if (typeof this.#open === 'object') this.#waiting.push(call);
    else yield* this.#begin({ call: call.index }, { type: 'tool_use', id: call.id, name: call.name, input: {} });
  }

  *#write(index: number, text: string): Generator<BlockEvent> {
    const waiting = this.#waiting.find((call) => call.index === index);
    if (waiting !== undefined) waiting.text += text;
    else if (typeof this.#open === 'object' && this.#open.call === index)
      yield this.#delta({ type: 'input_json_delta', partial_json: text });
  }

  *#writeWaiting({ index, id, name, text }: WaitingCall): Generator<BlockEvent> {
    this.#open = { call: index };
    this.#count += 1;
    yield { type: 'content_block_start', index: this.#count - 1, content_block: { type: 'tool_use', id, name, input: {} } };
    if (text !== '') yield this.#delta({ type: 'input_json_delta', partial_json: text });
  }

  /** The next call is written as it comes, as soon as the one before it is complete. */
  *#endCall(index: number): Generator<BlockEvent> {
    const waiting = this.#waiting.find((call) => call.index === index);
    if (waiting !== undefined) {
      waiting.isComplete = true;
      return;
    }
    if (typeof this.#open !== 'object' || this.#open.call !== index) return;
    yield this.#stop();
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      yield* this.#writeWaiting(next);
      if (!next.isComplete) return;
      yield this.#stop();
    }
  }
}
