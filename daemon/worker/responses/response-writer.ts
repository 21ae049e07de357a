/**
 * Writes one response: converts the outputs of a completion to the events of the Responses API, and maintains the document that
 * they describe. Source: the API reference of OpenAI, "Streaming events".
 */
import type { OutputItem, ResponseDocument } from '../../../shared/api/responses/document.js';
import type { ResponseEvent } from '../../../shared/api/responses/events.js';
import type { GatewayError } from '../../../shared/errors.js';
import { definedFields } from '../../../shared/fields.js';
import { newId } from '../../../shared/ids.js';
import { asCutOff } from '../../../shared/turn-usage.js';
import { customInput } from '../models/custom-tools.js';
import type { CompletionOutput } from '../models/completion-call.js';
import type { TokenUsage, VendorData } from '../providers/completion.js';
import { writeCarried } from '../models/carried-data.js';

type Message = Extract<OutputItem, { type: 'message' }>;
type Reasoning = Extract<OutputItem, { type: 'reasoning' }>;
type Call = Extract<OutputItem, { type: 'function_call' }>;
type CustomCall = Extract<OutputItem, { type: 'custom_tool_call' }>;
type ItemStatus = Message['status'];
/** An event without its number. */
type Unnumbered = ResponseEvent extends infer Event ? (Event extends ResponseEvent ? Omit<Event, 'sequence_number'> : never) : never;

const END_STATUS = { stop: 'completed', tool_calls: 'completed', length: 'incomplete', content_filter: 'incomplete' } as const;
const INCOMPLETE = { length: 'max_output_tokens', content_filter: 'content_filter' } as const;

/** Refusals that only a changed request can avoid. */
const REFUSED: ReadonlySet<unknown> = new Set(['tooLong', 'rejected']);

/** Returns an error in the form of a response, with one of OpenAI's documented codes. */
function toResponseError({ code, details, message, spec }: GatewayError): NonNullable<ResponseDocument['error']> {
  const text = spec.expose ? message : 'The gateway failed to handle the request; see its log.';
  if (code === 'RATE_LIMITED') return { code: 'rate_limit_exceeded', message: text };
  const isRefused = code === 'INVALID_REQUEST' || (code === 'AGENT_ERROR' && REFUSED.has(details?.['reason']));
  return { code: isRefused ? 'invalid_prompt' : 'server_error', message: text };
}

/** @returns null if the provider reported no counts */
function toUsage({ inputTokens, outputTokens, cacheReadTokens, reasoningTokens }: TokenUsage): ResponseDocument['usage'] {
  if (inputTokens === null && outputTokens === null) return null;
  const [input, output] = [inputTokens ?? 0, outputTokens ?? 0];
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: cacheReadTokens ?? 0 },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: reasoningTokens ?? 0 },
    total_tokens: input + output,
  };
}

const outputText = (text: string): Message['content'][number] => ({ type: 'output_text', text, annotations: [], logprobs: [] });
const refusalText = (refusal: string): Message['content'][number] => ({ type: 'refusal', refusal });
const summaryText = (text: string): Reasoning['summary'][number] => ({ type: 'summary_text', text });

/** Returns the output that events describe; items that are still being written are incomplete. */
export function outputOf(events: readonly ResponseEvent[]): OutputItem[] {
  const items: { item: OutputItem; text: string; isRefusal: boolean }[] = [];
  for (const event of events) {
    if (event.type === 'response.output_item.added' || event.type === 'response.output_item.done')
      items[event.output_index] = { item: event.item, text: '', isRefusal: false };
    else if ('delta' in event) {
      const open = items[event.output_index];
      if (open === undefined) continue;
      open.text += event.delta;
      open.isRefusal = event.type === 'response.refusal.delta';
    }
  }
  return items.map(({ item, text, isRefusal }): OutputItem => {
    if (item.type === 'reasoning') return item.summary.length > 0 || text === '' ? item : { ...item, summary: [summaryText(text)] };
    if (item.status !== 'in_progress') return item;
    if (item.type === 'message') return { ...item, status: 'incomplete', content: [isRefusal ? refusalText(text) : outputText(text)] };
    return item.type === 'function_call' ? { ...item, status: 'incomplete', arguments: text } : { ...item, status: 'incomplete' };
  });
}

/** Returns a call of a custom tool, which the model saw as a function. */
const toCustom = ({ arguments: text, ...call }: Call): CustomCall => ({ ...call, type: 'custom_tool_call', input: customInput(text) });

/** Text, a refusal or reasoning that is being written. */
interface Open {
  readonly type: 'message' | 'refusal' | 'reasoning';
  readonly id: string;
  readonly index: number;
  readonly phase: string | undefined;
  text: string;
}

export class ResponseWriter {
  #document: ResponseDocument;
  #sequence: number;
  readonly #output: OutputItem[] = [];
  #open: Open | undefined;
  /** Calls that are being written, by their number in the completion; `at` is the index in the output. */
  readonly #calls = new Map<number, { readonly at: number; readonly call: Call }>();
  readonly #customNames: ReadonlySet<string>;

  /** @param sequence  the number of the first event */
  constructor(document: ResponseDocument, sequence = 0) {
    this.#document = document;
    this.#sequence = sequence;
    this.#customNames = new Set(document.tools.flatMap(({ type, name }) => (type === 'custom' ? [name] : [])));
  }

  /** The document so far. */
  get document(): ResponseDocument {
    return { ...this.#document, output: [...this.#output] };
  }

  /** The first events, each with the whole response. */
  begin(...types: readonly ('response.created' | 'response.queued' | 'response.in_progress')[]): ResponseEvent[] {
    return types.map((type) => this.#number({ type, response: this.document }));
  }

  /** @returns the events of an output; those of `finish` are the last ones */
  write(output: Exclude<CompletionOutput, { type: 'error' }>, nowMs: number): ResponseEvent[] {
    return [...this.#write(output, nowMs)].map((event) => this.#number(event));
  }

  /** Ends the response with an error; the output so far is kept. */
  fail(error: GatewayError, nowMs: number): ResponseEvent[] {
    return [...this.#end({ status: 'failed', error: toResponseError(error) }, nowMs)].map((event) => this.#number(event));
  }

  /** Returns an event with the reason why the stream ends before the response does. */
  error(error: GatewayError): ResponseEvent {
    return this.#number({ type: 'error', ...toResponseError(error), param: null });
  }

  #number(event: Unnumbered): ResponseEvent {
    const numbered = { ...event, sequence_number: this.#sequence };
    this.#sequence += 1;
    return numbered;
  }

  *#write(output: Exclude<CompletionOutput, { type: 'error' }>, nowMs: number): Generator<Unnumbered> {
    switch (output.type) {
      case 'text':
        return yield* this.#say('message', output.text, output.phase);
      case 'refusal':
        return yield* this.#say('refusal', output.text);
      case 'reasoning':
        return yield* this.#say('reasoning', output.text);
      case 'reasoningEnd':
        return yield* this.#endReasoning(output.vendor);
      case 'toolStart':
        return yield* this.#startCall(output);
      case 'toolArguments':
        return yield* this.#addArguments(output);
      case 'toolEnd':
        return yield* this.#endCall(output.index);
      case 'image': // not supported
      case 'annotations':
        return;
      case 'finish': {
        const { reason, usage } = output;
        const cutOff = asCutOff(reason);
        const incomplete = cutOff && { incomplete_details: { reason: INCOMPLETE[cutOff] } };
        return yield* this.#end({ status: END_STATUS[reason], usage: toUsage(usage), ...incomplete }, nowMs);
      }
    }
  }

  *#say(type: Open['type'], text: string, phase?: string): Generator<Unnumbered> {
    if (this.#open?.type !== type || this.#open.phase !== phase) {
      yield* this.#closeText('completed');
      yield* this.#openItem(type, phase);
    }
    const open = this.#open as Open;
    open.text += text;
    const place = { item_id: open.id, output_index: open.index };
    if (type === 'message') yield { type: 'response.output_text.delta', ...place, content_index: 0, delta: text, logprobs: [] };
    else if (type === 'refusal') yield { type: 'response.refusal.delta', ...place, content_index: 0, delta: text };
    else yield { type: 'response.reasoning_summary_text.delta', ...place, summary_index: 0, delta: text };
  }

  /** Reasoning that the vendor hides has no text. */
  *#endReasoning(vendor: VendorData | undefined): Generator<Unnumbered> {
    const sealed = vendor === undefined ? {} : { encrypted_content: writeCarried(vendor) };
    if (this.#open?.type === 'reasoning') return yield* this.#closeText('completed', sealed);
    if (vendor === undefined) return;
    yield* this.#closeText('completed');
    const item: Reasoning = { id: newId('rs'), type: 'reasoning', summary: [] };
    const index = this.#output.push({ ...item, ...sealed }) - 1;
    yield { type: 'response.output_item.added', output_index: index, item };
    yield { type: 'response.output_item.done', output_index: index, item: { ...item, ...sealed } };
  }

  *#openItem(type: Open['type'], phase: Open['phase']): Generator<Unnumbered> {
    const id = newId(type === 'reasoning' ? 'rs' : 'msg');
    const index = this.#output.length;
    this.#open = { type, id, index, phase, text: '' };
    const item: OutputItem =
      type === 'reasoning'
        ? { id, type, summary: [] }
        : { id, type: 'message', role: 'assistant', status: 'in_progress', content: [], ...definedFields({ phase }) };
    this.#output.push(item);
    yield { type: 'response.output_item.added', output_index: index, item };
    const place = { item_id: id, output_index: index };
    const part = type === 'refusal' ? refusalText('') : outputText('');
    if (type !== 'reasoning') yield { type: 'response.content_part.added', ...place, content_index: 0, part };
    else yield { type: 'response.reasoning_summary_part.added', ...place, summary_index: 0, part: summaryText('') };
  }

  *#startCall({ index, id, name }: Extract<CompletionOutput, { type: 'toolStart' }>): Generator<Unnumbered> {
    yield* this.#closeText('completed');
    const prefix = this.#customNames.has(name) ? 'ctc' : 'fc';
    const call: Call = { id: newId(prefix), type: 'function_call', status: 'in_progress', call_id: id, name, arguments: '' };
    this.#calls.set(index, { at: this.#output.length, call });
    const item = this.#customNames.has(name) ? toCustom(call) : { ...call };
    yield { type: 'response.output_item.added', output_index: this.#output.length, item };
    this.#output.push(item.type === 'custom_tool_call' ? item : call);
  }

  *#addArguments({ index, text }: Extract<CompletionOutput, { type: 'toolArguments' }>): Generator<Unnumbered> {
    const written = this.#calls.get(index);
    if (written === undefined) return;
    written.call.arguments += text;
    // The input of a custom tool is inside its arguments.
    if (this.#customNames.has(written.call.name)) return;
    yield { type: 'response.function_call_arguments.delta', item_id: written.call.id, output_index: written.at, delta: text };
  }

  *#endCall(index: number): Generator<Unnumbered> {
    const written = this.#calls.get(index);
    if (written === undefined) return;
    this.#calls.delete(index);
    yield* this.#closeCall(written.at, { ...written.call, status: 'completed' });
  }

  *#close(status: ItemStatus): Generator<Unnumbered> {
    yield* this.#closeText(status);
    for (const { at, call } of this.#calls.values()) yield* this.#closeCall(at, { ...call, status });
    this.#calls.clear();
  }

  *#closeCall(at: number, call: Call): Generator<Unnumbered> {
    const { id, name, arguments: text } = call;
    const place = { item_id: id, output_index: at };
    if (this.#customNames.has(name)) {
      const item = toCustom(call);
      yield { type: 'response.custom_tool_call_input.delta', ...place, delta: item.input };
      yield { type: 'response.custom_tool_call_input.done', ...place, input: item.input };
      this.#output[at] = item;
    } else {
      yield { type: 'response.function_call_arguments.done', ...place, name, arguments: text };
      this.#output[at] = call;
    }
    yield { type: 'response.output_item.done', output_index: at, item: this.#output[at] };
  }

  *#closeText(status: ItemStatus, sealed: Pick<Reasoning, 'encrypted_content'> = {}): Generator<Unnumbered> {
    if (this.#open === undefined) return;
    const { type, id, index, phase, text } = this.#open;
    this.#open = undefined;
    const place = { item_id: id, output_index: index };
    if (type !== 'reasoning') {
      const part = type === 'refusal' ? refusalText(text) : outputText(text);
      if (type === 'refusal') yield { type: 'response.refusal.done', ...place, content_index: 0, refusal: text };
      else yield { type: 'response.output_text.done', ...place, content_index: 0, text, logprobs: [] };
      yield { type: 'response.content_part.done', ...place, content_index: 0, part };
      this.#output[index] = { id, type: 'message', role: 'assistant', status, content: [part], ...definedFields({ phase }) };
    } else {
      const part = summaryText(text);
      yield { type: 'response.reasoning_summary_text.done', ...place, summary_index: 0, text };
      yield { type: 'response.reasoning_summary_part.done', ...place, summary_index: 0, part };
      this.#output[index] = { id, type, summary: [part], ...sealed };
    }
    yield { type: 'response.output_item.done', output_index: index, item: this.#output[index] };
  }

  *#end(
    end: Pick<ResponseDocument, 'status'> & Partial<Pick<ResponseDocument, 'usage' | 'error' | 'incomplete_details'>>,
    nowMs: number,
  ): Generator<Unnumbered> {
    const { status } = end;
    yield* this.#close(status === 'completed' ? 'completed' : 'incomplete');
    this.#document = { ...this.#document, ...end, completed_at: status === 'completed' ? Math.floor(nowMs / 1_000) : null };
    if (status === 'completed' || status === 'incomplete' || status === 'failed')
      yield { type: `response.${status}`, response: this.document };
  }
}
