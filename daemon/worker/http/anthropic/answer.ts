/** Encodes a completion as Anthropic's API does: one document, or events. */
import type { MessagesBlock, MessagesEvent, MessagesResponse, MessagesUsage } from '../../../../shared/api/anthropic/messages.js';
import { toGatewayError } from '../../../../shared/error-document.js';
import type { Fields } from '../../../../shared/fields.js';
import { serverSentEvent } from '../../../../shared/node/server-sent-events.js';
import type { CompletionOutput } from '../../models/completion-call.js';
import type { TokenUsage } from '../../providers/completion.js';
import { exactJson, readExactObject } from '../../../../shared/node/exact-json.js';
import { collectedOutputs, outputsOf } from '../completion-outputs.js';
import type { StreamReport } from '../event-answer.js';
import type { PulledEvents } from '../connection/pulled-events.js';
import { type BlockEvent, Blocks, type ThinkingDisplay } from './blocks.js';
import { anthropicError } from './error.js';

export interface MessageHead {
  readonly id: string;
  /** As the caller named it. */
  readonly model: string;
  readonly thinking: ThinkingDisplay;
}

type Finish = Extract<CompletionOutput, { type: 'finish' }>;

const REASONS = { stop: 'end_turn', length: 'max_tokens', tool_calls: 'tool_use', content_filter: 'refusal' } as const;

/** Counts that a provider did not report are 0: the API has no other value. */
function toUsage({ inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens, reasoningTokens = null }: TokenUsage): MessagesUsage {
  const [read, written] = [cacheReadTokens ?? 0, cacheWriteTokens ?? 0];
  return {
    input_tokens: Math.max(0, (inputTokens ?? 0) - read - written),
    cache_creation_input_tokens: written,
    cache_read_input_tokens: read,
    output_tokens: outputTokens ?? 0,
    ...(reasoningTokens === null ? {} : { output_tokens_details: { thinking_tokens: reasoningTokens } }),
  };
}

const NO_USAGE: MessagesUsage = { input_tokens: 0, cache_creation_input_tokens: 0, cache_read_input_tokens: 0, output_tokens: 0 };

/** Anthropic's own reasons are more precise than those shared by all providers. */
function toStop({ reason, vendor }: Finish, { isRefused }: Blocks): Pick<MessagesResponse, 'stop_reason' | 'stop_sequence'> {
  const { stopReason, stopSequence } = vendor?.['anthropic'] ?? {};
  const isOwn = typeof stopReason === 'string' && reason !== 'tool_calls';
  const shared = isRefused && reason === 'stop' ? 'refusal' : REASONS[reason];
  return { stop_reason: isOwn ? stopReason : shared, stop_sequence: typeof stopSequence === 'string' ? stopSequence : null };
}

function messageOf({ id, model }: MessageHead): MessagesResponse {
  return { id, type: 'message', role: 'assistant', model, content: [], stop_reason: null, stop_sequence: null, usage: NO_USAGE };
}

/** Anthropic's advice for arguments that are not a JSON object: the caller sees them and sends them back. */
const inputOf = (text: string): Fields => readExactObject(text) ?? { INVALID_JSON: text };

/** Collects blocks from their events. */
class Content {
  readonly blocks: MessagesBlock[] = [];
  #json = '';

  add(event: BlockEvent): void {
    const last = this.blocks.at(-1);
    if (event.type === 'content_block_start') {
      this.#json = '';
      this.blocks.push({ ...event.content_block });
    } else if (event.type === 'content_block_stop') {
      if (last?.type === 'tool_use') last.input = inputOf(this.#json);
    } else if (event.delta.type === 'input_json_delta') this.#json += event.delta.partial_json;
    else if (event.delta.type === 'text_delta' && last?.type === 'text') last.text += event.delta.text;
    else if (event.delta.type === 'thinking_delta' && last?.type === 'thinking') last.thinking += event.delta.thinking;
    else if (event.delta.type === 'signature_delta' && last?.type === 'thinking') last.signature += event.delta.signature;
  }
}

/** @returns the document as JSON. @throws the completion's error, even after some text */
export async function collectMessage(events: PulledEvents<CompletionOutput>, head: MessageHead): Promise<string> {
  const blocks = new Blocks(head.thinking);
  const content = new Content();
  let message = messageOf(head);
  for await (const output of collectedOutputs(events)) {
    for (const event of blocks.read(output)) content.add(event);
    if (output.type === 'finish')
      message = { ...message, content: content.blocks, ...toStop(output, blocks), usage: toUsage(output.usage) };
  }
  return exactJson(JSON.stringify(message));
}

const encode = (event: MessagesEvent): string => serverSentEvent(event.type, event);

/**
 * The stream: start, blocks, the reason of the end with the whole usage, stop. An error ends it instead, without a reason.
 * The start has no usage, because providers count at the end.
 */
export async function* streamMessage(
  events: PulledEvents<CompletionOutput>,
  { head, requestId, onError }: StreamReport & { readonly head: MessageHead },
): AsyncGenerator<string> {
  const blocks = new Blocks(head.thinking);
  try {
    yield encode({ type: 'message_start', message: messageOf(head) });
    yield encode({ type: 'ping' });
    for await (const output of outputsOf(events)) {
      if (output === undefined) yield encode({ type: 'ping' });
      else for (const event of blocks.read(output)) yield encode(event);
      if (output?.type === 'finish') yield encode({ type: 'message_delta', delta: toStop(output, blocks), usage: toUsage(output.usage) });
    }
    yield encode({ type: 'message_stop' });
  } catch (thrown) {
    const error = toGatewayError(thrown);
    onError(error);
    yield encode(anthropicError(error, requestId).body);
  }
}
