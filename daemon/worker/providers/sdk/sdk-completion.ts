/** Runs one stateless call of the AI SDK. Part of the vendor bundle. */
import type { LanguageModel } from 'ai';
import type { ApiKind } from '../../../../shared/config/models-schema.js';
import type { CompletionEvent, CompletionRequest, TokenCount } from '../completion.js';
import type { CallNotes } from './call-notes.js';
import { inputSchemaOf, optionsOf, type PromptTarget, toCompletionPrompt } from './completion-prompt.js';
import { changeOf, inChatCompletions } from './call-change.js';
import type { Body } from './own-request.js';
import { REASONS, SdkCall, type SdkCallOptions, type SdkModel, type SdkPart } from './sdk-call.js';
import { WholeCharacters } from './stream-text.js';
import { extrasOf, pictureIn, VendorStep } from './vendor-step.js';
import { acceptedOptions } from './vendors/chat-options.js';

function toToolChoice(choice: CompletionRequest['toolChoice']): NonNullable<SdkCallOptions['toolChoice']> {
  return typeof choice === 'object' ? { type: 'tool', toolName: choice.name } : { type: choice ?? 'auto' };
}

export interface CallHow extends Omit<PromptTarget, 'isSameApi'> {
  readonly signal: AbortSignal;
  /** Collects the step of a turn. A turn shows refusals as text, so it does not pay for the raw chunks in which they are marked. */
  readonly step?: VendorStep;
}

interface Target extends PromptTarget, CallHow {
  /** The key under which the SDK looks for options of this provider. */
  readonly name: string;
}

/** The caller's API that a provider has itself. */
const SAME_API: Readonly<Partial<Record<ApiKind, string>>> = {
  'openai-completions': 'chat-completions',
  'openai-responses': 'responses',
  'anthropic-messages': 'messages',
};

type Fields = NonNullable<SdkCallOptions['providerOptions']>[string];

/** The efforts of OpenAI's API for a number of tokens. */
function effortOf(budgetTokens: number | null): { reasoningEffort?: string } {
  if (budgetTokens === null) return {};
  return { reasoningEffort: budgetTokens < 4_096 ? 'low' : budgetTokens < 16_384 ? 'medium' : 'high' };
}

/** The SDK leaves the schema out. */
function formatOf(format: CompletionRequest['responseFormat']): Fields {
  if (format?.schema === undefined) return {};
  const { type: _type, name = 'answer', ...schema } = format;
  return { response_format: { type: 'json_schema', json_schema: { name, ...schema } } } as Fields;
}

const JSON_LINE = { role: 'system', content: 'Answer with a JSON object and nothing else.' } as const;

/** Returns the messages. Without a schema, adds an instruction to write JSON for Anthropic, whose API has no field for that. */
function messagesOf({ messages, responseFormat }: CompletionRequest, { api }: Target): CompletionRequest['messages'] {
  if (api !== 'anthropic-messages' || responseFormat === undefined || responseFormat.schema !== undefined) return messages;
  const firstOther = messages.findIndex(({ role }) => role !== 'system');
  return messages.toSpliced(firstOther < 0 ? messages.length : firstOther, 0, JSON_LINE);
}

/** Returns the vendor-specific options. */
function toVendorOptions({ extra, reasoning, parallelToolCalls, topK, responseFormat }: CompletionRequest, target: Target): Fields {
  switch (target.api) {
    case 'openai-completions': {
      const fields = target.isSameApi ? extra?.fields : extra?.api === 'responses' ? inChatCompletions(extra.fields) : {};
      const options = {
        ...(topK === undefined ? {} : { top_k: topK }),
        ...(parallelToolCalls === undefined ? {} : { parallel_tool_calls: parallelToolCalls }),
        ...(reasoning === undefined ? {} : effortOf(reasoning.budgetTokens)),
        ...(target.isSameApi ? {} : formatOf(responseFormat)),
        // The SDK writes this field itself, from an option of another name.
        ...(typeof fields?.['verbosity'] === 'string' ? { textVerbosity: fields['verbosity'] } : {}),
        ...(fields as Fields),
      };
      return target.isSameApi ? options : acceptedOptions(options, target.differences);
    }
    case 'openai-responses': {
      const { reasoning_effort: reasoningEffort, user } = extra?.api === 'chat-completions' ? extra.fields : {};
      const known = Object.entries({ parallelToolCalls, reasoningEffort, user }).filter(([, value]) => value !== undefined);
      const asked = reasoning === undefined ? {} : { reasoningSummary: 'auto', ...effortOf(reasoning.budgetTokens) };
      // Conversations are the caller's, not the vendor's.
      // The SDK asks for strictness by default, the vendor's API does not.
      return { ...asked, ...(Object.fromEntries(known) as Fields), strictJsonSchema: responseFormat?.strict === true, store: false };
    }
    case 'google-generative-ai': {
      if (reasoning === undefined) return {};
      const { budgetTokens } = reasoning;
      return { thinkingConfig: { includeThoughts: true, ...(budgetTokens === null ? {} : { thinkingBudget: budgetTokens }) } };
    }
    case 'anthropic-messages':
      return {
        ...(parallelToolCalls === false ? { disableParallelToolUse: true } : {}),
        // A caller of the same API sets it per tool.
        ...(target.isSameApi ? { toolStreaming: false } : {}),
      };
  }
}

function limitOf({ maxOutputTokens, modelMaxTokens }: CompletionRequest, { api }: Target): number | undefined {
  return maxOutputTokens ?? (api === 'anthropic-messages' ? modelMaxTokens : undefined);
}

/** The key under which the SDK of an API looks for its options. */
const optionsName = ({ api, name }: Target): string =>
  ({ 'openai-completions': name, 'openai-responses': 'openai', 'google-generative-ai': 'google', 'anthropic-messages': 'anthropic' })[api];

function toOptions(request: CompletionRequest, target: Target): SdkCallOptions {
  const {
    modelId: _model,
    modelMaxTokens: _max,
    maxOutputTokens: _limit,
    reasoning: _reasoning,
    parallelToolCalls: _parallel,
    ...rest
  } = request;
  const { messages: _messages, tools, toolChoice, stop, responseFormat, extra, ...sampling } = rest;
  const maxOutputTokens = limitOf(request, target);
  const vendor = toVendorOptions(request, target);
  const betas = target.api === 'anthropic-messages' && target.isSameApi ? (extra?.betas ?? []) : [];
  return {
    prompt: toCompletionPrompt(messagesOf(request, target), target),
    ...sampling,
    includeRawChunks: target.step === undefined && target.api.startsWith('openai-'),
    ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }),
    // A caller of the same API sets it in a separate field.
    ...(responseFormat === undefined || (target.api === 'anthropic-messages' && target.isSameApi) ? {} : { responseFormat }),
    ...(stop === undefined ? {} : { stopSequences: [...stop] }),
    // Providers refuse an empty list.
    ...(tools === undefined || tools.length === 0
      ? {}
      : {
          tools: tools.map(({ parameters, vendor: own, ...tool }) => ({
            type: 'function',
            ...tool,
            inputSchema: inputSchemaOf(parameters),
            ...optionsOf(own),
          })),
          toolChoice: toToolChoice(toolChoice),
        }),
    ...(Object.keys(vendor).length === 0 ? {} : { providerOptions: { [optionsName(target)]: vendor } }),
    ...(betas.length === 0 ? {} : { headers: { 'anthropic-beta': betas.join(',') } }),
  };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Turns the parts of one call into events. */
class CompletionReader {
  readonly #indices = new Map<string, number>();
  readonly #withArguments = new Set<string>();
  readonly #notes: CallNotes;
  readonly #text = new WholeCharacters();
  readonly #reasoning = new WholeCharacters();
  readonly #refusal = new WholeCharacters();
  #phase: string | undefined;
  #isReasoning = false;
  #signed: SdkCallOptions['providerOptions'];
  readonly #step: VendorStep | undefined;

  constructor(notes: CallNotes, step: VendorStep | undefined) {
    this.#notes = notes;
    this.#step = step;
  }

  get hasToolCalls(): boolean {
    return this.#indices.size > 0;
  }

  *read(part: SdkPart): Generator<CompletionEvent> {
    this.#step?.read(part);
    switch (part.type) {
      case 'text-start': {
        const phase = part.providerMetadata?.['openai']?.['phase'];
        this.#phase = typeof phase === 'string' ? phase : undefined;
        return;
      }
      case 'text-delta':
        yield* this.#endReasoning();
        if ('isRefusal' in part) return yield* this.#say('refusal', this.#refusal.push(part.delta));
        return yield* this.#say('text', this.#text.push(part.delta));
      case 'text-end':
        return yield* this.#say('text', this.#text.end());
      case 'reasoning-start':
        return this.#note(part);
      case 'reasoning-delta':
        this.#note(part);
        return yield* this.#say('reasoning', this.#reasoning.push(part.delta));
      case 'reasoning-end':
        if (this.#isReasoning) this.#note(part);
        return yield* this.#endReasoning();
      case 'tool-input-start':
        return yield* this.#start(part.id, part.toolName);
      case 'tool-input-delta':
        return yield* this.#arguments(part.id, part.delta);
      case 'tool-call':
        this.#notes.keep(part.toolCallId, part.providerMetadata);
        yield* this.#start(part.toolCallId, part.toolName);
        if (!this.#withArguments.has(part.toolCallId)) yield* this.#arguments(part.toolCallId, part.input);
        // The SDK also ends a call that the vendor cut off.
        if (isJson(part.input)) yield { type: 'toolEnd', index: this.#indices.get(part.toolCallId) ?? 0 };
        return;
      case 'file':
        yield* this.#endReasoning();
        return yield* pictureIn(part);
      case 'finish': {
        const [first] = this.#indices.keys();
        if (first !== undefined) this.#notes.keepOfMessage(first, this.#step?.vendor);
        return yield* extrasOf(part);
      }
      default: // starts and ends of the parts above, and other parts that are not used
    }
  }

  #note({ providerMetadata }: { readonly providerMetadata?: SdkCallOptions['providerOptions'] }): void {
    this.#isReasoning = true;
    // The last one counts, because signatures come at the end.
    this.#signed = providerMetadata ?? this.#signed;
  }

  /** Google's SDK ends a passage only with the answer, after the calls that result from it. */
  *#endReasoning(): Generator<CompletionEvent> {
    if (!this.#isReasoning) return;
    const vendor = this.#signed;
    this.#isReasoning = false;
    this.#signed = undefined;
    yield* this.#say('reasoning', this.#reasoning.end());
    yield { type: 'reasoningEnd', ...(vendor === undefined ? {} : { vendor }) };
  }

  *#say(type: 'text' | 'reasoning' | 'refusal', text: string): Generator<CompletionEvent> {
    if (text === '') return;
    yield type === 'text' && this.#phase !== undefined ? { type, text, phase: this.#phase } : { type, text };
  }

  *#start(id: string, name: string): Generator<CompletionEvent> {
    if (this.#indices.has(id)) return;
    yield* this.#endReasoning();
    this.#indices.set(id, this.#indices.size);
    yield { type: 'toolStart', index: this.#indices.size - 1, id, name };
  }

  *#arguments(id: string, text: string): Generator<CompletionEvent> {
    const index = this.#indices.get(id);
    if (index === undefined || text === '') return;
    this.#withArguments.add(id);
    yield { type: 'toolArguments', index, text };
  }
}

function targetOf(model: LanguageModel, { extra }: CompletionRequest, how: CallHow): Target {
  const isSameApi = extra !== undefined && SAME_API[how.api] === extra.api;
  return { ...how, isSameApi, name: (model as SdkModel).provider.split('.')[0] ?? '' };
}

/** Makes one stateless call and yields the events of its answer. Never throws. */
export async function* completeWithModel(model: LanguageModel, request: CompletionRequest, how: CallHow): AsyncGenerator<CompletionEvent> {
  // An answer without tools may be long, and nothing of it returns to its vendor as a step.
  const { signal, notes, step = request.tools === undefined ? undefined : new VendorStep() } = how;
  const call = new SdkCall(model, signal);
  const reader = new CompletionReader(notes, step);
  const target = targetOf(model, request, how);
  for await (const part of call.parts(() => toOptions(request, target), changeOf(request, target))) yield* reader.read(part);
  const end = call.end();
  if (end.type !== 'finished') return yield end;
  // Some servers end a step that calls tools like a final answer, but callers rely on the reason.
  const reason = end.reason === 'stop' && reader.hasToolCalls ? 'tool_calls' : REASONS[end.reason];
  yield { ...end, type: 'finish', reason, ...(step === undefined || step.calls.length === 0 ? {} : { step: step.whole() }) };
}

/** Asks Anthropic how many tokens a call has. Never throws. */
export async function* countWithModel(model: LanguageModel, request: CompletionRequest, how: CallHow): AsyncGenerator<TokenCount> {
  const call = new SdkCall(model, how.signal);
  const target = targetOf(model, request, how);
  const change = { body: (body: Body) => body, ...changeOf(request, target), isCount: true };
  for await (const _part of call.parts(() => toOptions(request, target), change));
  const end = call.end();
  if (end.type !== 'finished') return yield end;
  const { inputTokens } = end.usage;
  if (inputTokens !== null) return yield { type: 'counted', inputTokens };
  yield { type: 'failed', failure: { kind: 'protocol', status: 200, detail: 'the count is not a number', retryAfterMs: null } };
}
