/** Turns the outputs of a completion into the content blocks of Anthropic's API, which follow each other and never overlap. */
import type { MessagesBlock, MessagesEvent } from '../../../../shared/api/anthropic/messages.js';
import type { CompletionOutput } from '../../models/completion-call.js';
import type { VendorData } from '../../providers/completion.js';
import { writeSignature } from './signature.js';

export type BlockEvent = Extract<MessagesEvent, { type: 'content_block_start' | 'content_block_delta' | 'content_block_stop' }>;
type Delta = Extract<BlockEvent, { type: 'content_block_delta' }>['delta'];

/**
 * What the caller sees of a model's reasoning. `none`: the caller did not ask for it and gets only what Anthropic adds by itself;
 * `omitted`: it wants the blocks without their text.
 */
export type ThinkingDisplay = 'shown' | 'omitted' | 'none';

type Open = 'text' | 'thinking' | { readonly call: number };

const isOf = (output: CompletionOutput, { call }: { readonly call: number }): boolean =>
  (output.type === 'toolArguments' || output.type === 'toolEnd') && output.index === call;

export class Blocks {
  readonly #display: ThinkingDisplay;
  #count = 0;
  #open: Open | undefined;
  #reasoning = '';
  #isRefused = false;
  /** Outputs that arrived while a call was being written; they are written when the call ends. */
  #held: CompletionOutput[] = [];

  constructor(display: ThinkingDisplay) {
    this.#display = display;
  }

  /** Whether the model has said that it refuses. */
  get isRefused(): boolean {
    return this.#isRefused;
  }

  *read(output: CompletionOutput): Generator<BlockEvent> {
    this.#isRefused ||= output.type === 'refusal';
    if (typeof this.#open === 'object' && output.type !== 'finish' && !isOf(output, this.#open)) {
      this.#held.push(output);
      return;
    }
    switch (output.type) {
      case 'refusal':
      case 'text':
        if (this.#open !== 'text') yield* this.#begin('text', { type: 'text', text: '' });
        return yield this.#delta({ type: 'text_delta', text: output.text });
      case 'reasoning':
        return yield* this.#think(output.text);
      case 'reasoningEnd':
        return yield* this.#endThinking(output.vendor);
      case 'toolStart':
        return yield* this.#begin({ call: output.index }, { type: 'tool_use', id: output.id, name: output.name, input: {} });
      case 'toolArguments':
        if (typeof this.#open === 'object') yield this.#delta({ type: 'input_json_delta', partial_json: output.text });
        return;
      case 'toolEnd':
        if (typeof this.#open === 'object') yield this.#stop();
        return yield* this.#release();
      case 'finish':
        return yield* this.#finish();
      case 'image': // the API has no place for it
      case 'annotations':
      case 'error': // the reader of outputs throws it
    }
  }

  #delta(delta: Delta): BlockEvent {
    return { type: 'content_block_delta', index: this.#count - 1, delta };
  }

  *#begin(open: Open, block: MessagesBlock): Generator<BlockEvent> {
    if (this.#open !== undefined) yield this.#stop();
    this.#open = open;
    this.#count += 1;
    yield { type: 'content_block_start', index: this.#count - 1, content_block: block };
  }

  #stop(): BlockEvent {
    this.#open = undefined;
    return { type: 'content_block_stop', index: this.#count - 1 };
  }

  *#release(): Generator<BlockEvent> {
    const held = this.#held;
    this.#held = [];
    for (const output of held) yield* this.read(output);
  }

  /** A call without its own end ends here. */
  *#finish(): Generator<BlockEvent> {
    for (;;) {
      if (this.#open !== undefined) yield this.#stop();
      if (this.#held.length === 0) return;
      yield* this.#release();
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
}
