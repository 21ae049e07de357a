/** Encodes a completion as OpenAI's API does: one document, or chunks. */
import type { ChatCompletion, ChatCompletionChunk, ChatUsage } from '../../../../shared/api/openai.js';
import type { CompletionOutput } from '../../models/completion-call.js';
import { customInput } from '../../models/custom-tools.js';
import type { TokenUsage } from '../../providers/completion.js';
import { toGatewayError } from '../../../../shared/error-document.js';
import { collectedOutputs, outputsOf } from '../completion-outputs.js';
import type { StreamReport } from '../event-answer.js';
import type { PulledEvents } from '../connection/pulled-events.js';
import { comment } from '../../../../shared/node/server-sent-events.js';
import { openAiError } from './error.js';

/** The fields shared by all documents of one answer. */
export interface AnswerHead {
  readonly id: string;
  /** Epoch seconds. */
  readonly created: number;
  /** As the caller named it. */
  readonly model: string;
}

/** An answer, and the names of the caller's custom tools. */
export interface AnswerShape {
  readonly head: AnswerHead;
  readonly custom: ReadonlySet<string>;
}

type AnswerCall = NonNullable<ChatCompletion['choices'][number]['message']['tool_calls']>[number];

function toCall({ id, name, arguments: text }: { id: string; name: string; arguments: string }, custom: ReadonlySet<string>): AnswerCall {
  return custom.has(name)
    ? { id, type: 'custom', custom: { name, input: customInput(text) } }
    : { id, type: 'function', function: { name, arguments: text } };
}

type FinishReason = ChatCompletion['choices'][number]['finish_reason'];
type ChatDelta = ChatCompletionChunk['choices'][number]['delta'];

/** @returns undefined if the provider reported no counts */
function toUsage({ inputTokens, outputTokens, cacheReadTokens = null, reasoningTokens = null }: TokenUsage): ChatUsage | undefined {
  if (inputTokens === null && outputTokens === null) return undefined;
  const [prompt, completion] = [inputTokens ?? 0, outputTokens ?? 0];
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    ...(cacheReadTokens === null ? {} : { prompt_tokens_details: { cached_tokens: cacheReadTokens } }),
    ...(reasoningTokens === null ? {} : { completion_tokens_details: { reasoning_tokens: reasoningTokens } }),
  };
}

type AnswerExtras = Pick<ChatDelta, 'images' | 'annotations'>;

const toImages = (urls: readonly string[]): NonNullable<AnswerExtras['images']> =>
  urls.map((url) => ({ type: 'image_url', image_url: { url } }));

class Collected {
  text = '';
  refusal = '';
  reasoning = '';
  readonly calls: { id: string; name: string; arguments: string }[] = [];
  readonly images: string[] = [];
  readonly annotations: NonNullable<AnswerExtras['annotations']> = [];
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
    } else if (output.type === 'image') this.images.push(output.url);
    else if (output.type === 'annotations') this.annotations.push(...output.annotations);
    else if (output.type === 'finish') {
      this.reason = output.reason;
      this.usage = toUsage(output.usage);
    }
  }
}

/** @throws the completion's error, even after some text */
export async function collectCompletion(events: PulledEvents<CompletionOutput>, { head, custom }: AnswerShape): Promise<ChatCompletion> {
  const collected = new Collected();
  for await (const output of collectedOutputs(events)) collected.add(output);
  const { text, refusal, reasoning, calls, images, annotations, usage, reason } = collected;
  const message = {
    role: 'assistant' as const,
    content: text === '' && (calls.length > 0 || refusal !== '') ? null : text,
    refusal: refusal === '' ? null : refusal,
    ...(reasoning === '' ? {} : { reasoning_content: reasoning }),
    ...(calls.length === 0 ? {} : { tool_calls: calls.map((call) => toCall(call, custom)) }),
    ...(images.length === 0 ? {} : { images: toImages(images) }),
    ...(annotations.length === 0 ? {} : { annotations }),
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
    case 'image':
      return { images: toImages([output.url]) };
    case 'annotations':
      return { annotations: [...output.annotations] };
    case 'reasoningEnd':
    case 'toolEnd':
    case 'finish':
    case 'error':
      return undefined;
  }
}

/** The input of a custom tool is inside its arguments, so it is sent as a whole, at the end of the call or of the answer. */
class CustomCalls {
  readonly #names: ReadonlySet<string>;
  readonly #open = new Map<number, string>();

  constructor(names: ReadonlySet<string>) {
    this.#names = names;
  }

  /** @returns whether the output is of a custom tool */
  *read(output: CompletionOutput): Generator<ChatDelta, boolean> {
    if (output.type === 'finish') for (const index of this.#open.keys()) yield this.#end(index);
    if (output.type === 'toolStart' && this.#names.has(output.name)) {
      const { index, id, name } = output;
      this.#open.set(index, '');
      yield { tool_calls: [{ index, id, type: 'custom', custom: { name, input: '' } }] };
      return true;
    }
    if ((output.type !== 'toolArguments' && output.type !== 'toolEnd') || !this.#open.has(output.index)) return false;
    if (output.type === 'toolEnd') yield this.#end(output.index);
    else this.#open.set(output.index, (this.#open.get(output.index) ?? '') + output.text);
    return true;
  }

  #end(index: number): ChatDelta {
    const input = customInput(this.#open.get(index) ?? '');
    this.#open.delete(index);
    return { tool_calls: [{ index, custom: { input } }] };
  }
}

const data = (document: unknown): string => `data: ${JSON.stringify(document)}\n\n`;

export interface ChunkOptions extends StreamReport, AnswerShape {
  readonly includeUsage: boolean;
}

/** The stream: role, deltas, finish, usage if it was asked for, `[DONE]`. An error ends it instead, without a finish. */
export async function* streamChunks(events: PulledEvents<CompletionOutput>, options: ChunkOptions): AsyncGenerator<string> {
  const noUsage = options.includeUsage ? { usage: null } : {};
  const send = (part: Pick<ChatCompletionChunk, 'choices' | 'usage'>): string =>
    data({ ...options.head, object: 'chat.completion.chunk', ...part } satisfies ChatCompletionChunk);
  const chunk = (delta: ChatDelta, reason: FinishReason | null = null): string =>
    send({ choices: [{ index: 0, delta, logprobs: null, finish_reason: reason }], ...noUsage });
  const custom = options.custom.size === 0 ? undefined : new CustomCalls(options.custom);
  try {
    yield chunk({ role: 'assistant', content: '' });
    for await (const output of outputsOf(events)) {
      if (output !== undefined && custom !== undefined) {
        const own = custom.read(output);
        let next = own.next();
        for (; next.done !== true; next = own.next()) yield chunk(next.value);
        if (next.value) continue;
      }
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
