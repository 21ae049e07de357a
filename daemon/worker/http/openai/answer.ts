/** Encodes a completion as OpenAI's API does: one document, or chunks. */
import type { ChatCompletion, ChatCompletionChunk, ChatUsage } from '../../../../shared/api/openai.js';
import type { CompletionOutput } from '../../models/completion-call.js';
import type { CompletionUsage } from '../../providers/completion.js';
import { toGatewayError } from '../../../../shared/error-document.js';
import { collectedOutputs, outputsOf, type StreamReport } from '../completion-outputs.js';
import type { PulledEvents } from '../connection/pulled-events.js';
import { comment } from '../../../../shared/node/server-sent-events.js';
import { openAiError } from './error.js';

/** What all of one answer's documents share. */
export interface AnswerHead {
  readonly id: string;
  /** Epoch seconds. */
  readonly created: number;
  /** As the caller named it. */
  readonly model: string;
}

type FinishReason = ChatCompletion['choices'][number]['finish_reason'];
type ChatDelta = ChatCompletionChunk['choices'][number]['delta'];

/** @returns undefined where the provider counted nothing */
function toUsage({ inputTokens, outputTokens, cachedTokens, reasoningTokens }: CompletionUsage): ChatUsage | undefined {
  if (inputTokens === null && outputTokens === null) return undefined;
  const [prompt, completion] = [inputTokens ?? 0, outputTokens ?? 0];
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    ...(cachedTokens === null ? {} : { prompt_tokens_details: { cached_tokens: cachedTokens } }),
    ...(reasoningTokens === null ? {} : { completion_tokens_details: { reasoning_tokens: reasoningTokens } }),
  };
}

class Collected {
  text = '';
  refusal = '';
  reasoning = '';
  readonly calls: { id: string; name: string; arguments: string }[] = [];
  usage: ChatUsage | undefined;
  reason: FinishReason = 'stop';

  add(output: CompletionOutput): void {
    if (output.type === 'text') this.text += output.text;
    else if (output.type === 'refusal') this.refusal += output.text;
    else if (output.type === 'reasoning') this.reasoning += output.text;
    else if (output.type === 'toolStart') this.calls[output.index] = { id: output.id, name: output.name, arguments: '' };
    else if (output.type === 'toolArguments') {
      const call = this.calls[output.index];
      if (call !== undefined) call.arguments += output.text;
    } else if (output.type === 'finish') {
      this.reason = output.reason;
      this.usage = toUsage(output.usage);
    }
  }
}

/** @throws the completion's error, even after some text */
export async function collectCompletion(events: PulledEvents<CompletionOutput>, head: AnswerHead): Promise<ChatCompletion> {
  const collected = new Collected();
  for await (const output of collectedOutputs(events)) collected.add(output);
  const { text, refusal, reasoning, calls, usage, reason } = collected;
  const message = {
    role: 'assistant' as const,
    content: text === '' && (calls.length > 0 || refusal !== '') ? null : text,
    refusal: refusal === '' ? null : refusal,
    ...(reasoning === '' ? {} : { reasoning_content: reasoning }),
    ...(calls.length === 0 ? {} : { tool_calls: calls.map(({ id, ...call }) => ({ id, type: 'function' as const, function: call })) }),
  };
  return {
    ...head,
    object: 'chat.completion',
    choices: [{ index: 0, message, logprobs: null, finish_reason: reason }],
    ...(usage === undefined ? {} : { usage }),
  };
}

function toDelta(output: CompletionOutput): ChatDelta | undefined {
  switch (output.type) {
    case 'text':
      return { content: output.text };
    case 'refusal':
      return { refusal: output.text };
    case 'reasoning':
      return { reasoning_content: output.text };
    case 'toolStart':
      return { tool_calls: [{ index: output.index, id: output.id, type: 'function', function: { name: output.name, arguments: '' } }] };
    case 'toolArguments':
      return { tool_calls: [{ index: output.index, function: { arguments: output.text } }] };
    case 'reasoningEnd':
    case 'toolEnd':
    case 'finish':
    case 'error':
      return undefined;
  }
}

const data = (document: unknown): string => `data: ${JSON.stringify(document)}\n\n`;

export interface ChunkOptions extends StreamReport {
  readonly head: AnswerHead;
  readonly includeUsage: boolean;
}

/** The stream: role, deltas, finish, usage if it was asked for, `[DONE]`. An error ends it instead, without a finish. */
export async function* streamChunks(events: PulledEvents<CompletionOutput>, options: ChunkOptions): AsyncGenerator<string> {
  const noUsage = options.includeUsage ? { usage: null } : {};
  const send = (part: Pick<ChatCompletionChunk, 'choices' | 'usage'>): string =>
    data({ ...options.head, object: 'chat.completion.chunk', ...part } satisfies ChatCompletionChunk);
  const chunk = (delta: ChatDelta, reason: FinishReason | null = null): string =>
    send({ choices: [{ index: 0, delta, logprobs: null, finish_reason: reason }], ...noUsage });
  try {
    yield chunk({ role: 'assistant', content: '' });
    for await (const output of outputsOf(events)) {
      const delta = output === undefined ? undefined : toDelta(output);
      if (output === undefined) yield comment('heartbeat');
      else if (delta !== undefined) yield chunk(delta);
      else if (output.type === 'finish') {
        yield chunk({}, output.reason);
        if (options.includeUsage) yield send({ choices: [], usage: toUsage(output.usage) ?? null });
      }
    }
    yield 'data: [DONE]\n\n';
  } catch (thrown) {
    const error = toGatewayError(thrown);
    options.onError(error);
    yield data(openAiError(error, options.requestId).body);
  }
}
