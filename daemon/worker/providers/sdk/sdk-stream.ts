/** Runs one model call of the AI SDK as the provider interface's stream of events. Part of the vendor bundle. */
import type { LanguageModel } from 'ai';
import type { ApiKind } from '../../../../shared/config/models-schema.js';
import type { ModelRequest, ProviderEvent, ToolCall } from '../provider.js';
import { readToolInput } from '../tool-input.js';
import { REASONS, SdkCall, type SdkCallOptions, type SdkFinishReason, type SdkStreamPart } from './sdk-call.js';
import { toSdkPrompt, toSdkTools } from './sdk-messages.js';
import { WholeCharacters, WithoutThoughts } from './stream-text.js';
import { VendorStep } from './vendor-step.js';

function withoutWords(reason: SdkFinishReason): ProviderEvent {
  const isFiltered = reason === 'content-filter';
  const detail = reason === 'length' ? 'the token limit was reached before the answer began' : '';
  return { type: 'failed', failure: { kind: isFiltered ? 'filtered' : 'empty', status: null, detail, retryAfterMs: null } };
}

function toCall(
  { toolCallId: id, toolName: name, input: text }: Extract<SdkStreamPart, { type: 'tool-call' }>,
  known: ReadonlySet<string>,
): ToolCall {
  if (!known.has(name)) return { id, name, input: {}, problem: `there is no tool '${name}'` };
  return { id, name, ...readToolInput(text) };
}

function optionsOf(request: ModelRequest, api: ApiKind): SdkCallOptions {
  const { system, messages, ref, tools = [], isLastStep, maxTokens } = request;
  return {
    prompt: toSdkPrompt({ system, messages }, { api, ref }),
    ...(tools.length === 0 ? {} : { tools: toSdkTools(tools), toolChoice: { type: isLastStep === true ? 'none' : 'auto' } }),
    // The only API that requires a limit; others use their own, and some refuse the field.
    ...(api === 'anthropic-messages' && maxTokens !== undefined ? { maxOutputTokens: maxTokens } : {}),
    // Conversations are kept here, not at the vendor's.
    ...(api === 'openai-responses' ? { providerOptions: { openai: { store: false } } } : {}),
  };
}

/** Reads the parts of one call. */
class StreamReader {
  hasContent = false;
  readonly step = new VendorStep();
  readonly #characters = new WholeCharacters();
  readonly #words = new WithoutThoughts();
  readonly #tools: ReadonlySet<string>;

  constructor(tools: ReadonlySet<string>) {
    this.#tools = tools;
  }

  *read(part: SdkStreamPart): Generator<ProviderEvent> {
    switch (part.type) {
      case 'text-delta':
        yield* this.#say(this.#words.push(this.#characters.push(part.delta)));
        break;
      case 'text-end':
        yield* this.#say(this.#words.push(this.#characters.end()) + this.#words.end());
        break;
      case 'reasoning-delta':
      case 'tool-input-delta':
        yield { type: 'alive' };
        break;
      case 'tool-call': {
        const call = toCall(part, this.#tools);
        this.hasContent = true;
        this.step.read(part, call);
        yield { type: 'toolCall', call };
        return;
      }
      default: // reasoning, starts and ends
    }
    this.step.read(part);
  }

  *#say(text: string): Generator<ProviderEvent> {
    if (text !== '') this.hasContent = true;
    yield text === '' ? { type: 'alive' } : { type: 'delta', text };
  }
}

/** Calls the model and yields the events of its answer. Never throws. */
export async function* streamModel(
  model: LanguageModel,
  request: ModelRequest,
  { api, signal }: { api: ApiKind; signal: AbortSignal },
): AsyncGenerator<ProviderEvent> {
  const call = new SdkCall(model, signal);
  const reader = new StreamReader(new Set(request.tools?.map(({ name }) => name)));
  for await (const part of call.parts(() => optionsOf(request, api))) yield* reader.read(part);
  const end = call.end();
  if (end.type !== 'finished') return yield end;
  if (!reader.hasContent) return yield withoutWords(end.reason);
  const vendor = reader.step.message();
  const { reason, usage, responseModel } = end;
  yield {
    type: 'finish',
    reason: REASONS[reason],
    usage,
    ...(responseModel === undefined ? {} : { responseModel }),
    ...(vendor === undefined ? {} : { vendor }),
  };
}
