/** Converts items of the Responses API to the messages of a completion. */
import type { InputItem } from '../../../shared/api/responses/request.js';
import { givenFields } from '../../../shared/fields.js';
import { isVendorData, readCarried } from '../models/carried-data.js';
import { refuse } from '../models/refusals.js';
import { customArguments } from '../models/custom-tools.js';
import type { CompletionAnswerPart, CompletionMessage, CompletionPart } from '../providers/completion.js';

type Message = Extract<InputItem, { role: unknown }>;
type Content = Message['content'];
type Part<Type> = Extract<Exclude<Content, string>[number], { type: Type }>;
type Item<Type> = Extract<InputItem, { type: Type }>;

const PDF = 'application/pdf';

/** @throws INVALID_REQUEST for a file without its content */
function fileOf({ file_data: data, file_url: url, filename }: Part<'input_file'>, param: string): CompletionPart {
  const name = filename === null || filename === undefined ? {} : { name: filename };
  const file = { type: 'file', mediaType: PDF, ...name } as const;
  if (typeof url === 'string') return { ...file, url, field: `${param}.file_url` };
  if (typeof data !== 'string') throw refuse(param, 'A file needs file_data or file_url.');
  return { ...file, url: data.startsWith('data:') ? data : `data:${PDF};base64,${data}`, field: `${param}.file_data` };
}

function partsOf(content: Content, param: string): CompletionPart[] {
  if (typeof content === 'string') return [{ type: 'text', text: content }];
  return content.map((part, index) => {
    if (part.type === 'input_image') return { type: 'image', url: part.image_url, ...givenFields({ detail: part.detail }) };
    if (part.type === 'input_file') return fileOf(part, `${param}.${index}`);
    return { type: 'text', text: part.type === 'refusal' ? part.refusal : part.text };
  });
}

/** @throws INVALID_REQUEST for a part that is not text */
function textOf(content: Content, param: string): string {
  const parts = partsOf(content, param);
  const other = parts.findIndex(({ type }) => type !== 'text');
  if (other >= 0) throw refuse(`${param}.${other}`, 'Only messages of the user and results of tools can contain images and files.');
  return parts.map((part) => (part.type === 'text' ? part.text : '')).join('');
}

function reasoningOf({ summary, content, encrypted_content: sealed }: Item<'reasoning'>): CompletionAnswerPart {
  const vendor = readCarried(sealed ?? '');
  const text = [...(content ?? []), ...(summary ?? [])].map((part) => part.text).join('\n\n');
  return { type: 'reasoning', text, ...(isVendorData(vendor) ? { vendor } : {}) };
}

/** Collects messages. Consecutive model items become one message. A call that was cut off is omitted, unless it has a result. */
class Messages {
  readonly #answered: ReadonlySet<string>;
  readonly #list: CompletionMessage[] = [];
  readonly #names = new Map<string, string>();
  readonly #open = new Set<string>();

  /** @param items  all that will be added */
  constructor(items: readonly InputItem[]) {
    this.#answered = new Set(items.flatMap((item) => ('output' in item ? [item.call_id as string] : [])));
  }

  add(item: InputItem, param: string): void {
    switch (item.type) {
      case 'function_call':
      case 'custom_tool_call':
        return this.#call(item);
      case 'function_call_output':
      case 'custom_tool_call_output':
        return this.#result(item, param);
      case 'reasoning':
        return this.#answer(reasoningOf(item));
      case 'item_reference':
        throw refuse(`${param}.id`, `There is no item '${item.id}'.`);
      case 'message':
      case undefined:
        return this.#message(item, param);
    }
  }

  /** @throws INVALID_REQUEST while a call has no result */
  end(): readonly CompletionMessage[] {
    const [open] = this.#open;
    if (open !== undefined) throw refuse('input', `No tool output found for function call ${open.slice(0, 80)}.`);
    return this.#list;
  }

  #message({ role, content, phase }: Message, param: string): void {
    const place = `${param}.content`;
    if (role === 'user') this.#list.push({ role, content: partsOf(content, place) });
    else if (role === 'assistant')
      this.#answer({ type: 'text', text: textOf(content, place), ...(typeof phase === 'string' ? { vendor: { openai: { phase } } } : {}) });
    else this.#list.push({ role: 'system', content: textOf(content, place) });
  }

  #answer(part: CompletionAnswerPart): void {
    const last = this.#list.at(-1);
    if (last?.role === 'assistant') this.#list[this.#list.length - 1] = { ...last, content: [...last.content, part] };
    else this.#list.push({ role: 'assistant', content: [part] });
  }

  #call(item: Item<'function_call' | 'custom_tool_call'>): void {
    const { call_id: id, name, status } = item;
    if (status === 'incomplete' && !this.#answered.has(id)) return;
    const input = item.type === 'function_call' ? item.arguments : customArguments(item.input);
    this.#names.set(id, name);
    this.#open.add(id);
    this.#answer({ type: 'toolCall', id, name, arguments: input });
  }

  #result({ call_id: callId, output }: Item<'function_call_output' | 'custom_tool_call_output'>, param: string): void {
    const name = this.#names.get(callId);
    if (name === undefined)
      throw refuse(`${param}.call_id`, `No tool call found for function call output with call_id ${callId.slice(0, 80)}.`);
    this.#open.delete(callId);
    this.#list.push({ role: 'tool', callId, name, content: partsOf(output, `${param}.output`) });
  }
}

/**
 * @param input.before  items of earlier responses
 * @param input.items   of this request, which errors name
 * @throws INVALID_REQUEST for a result without its call, a call without its result, and an image in a message of the model
 */
export function messagesOf({ before, items }: { before: readonly InputItem[]; items: readonly InputItem[] }): readonly CompletionMessage[] {
  const messages = new Messages([...before, ...items]);
  for (const item of before) messages.add(item, 'input');
  for (const [index, item] of items.entries()) messages.add(item, `input.${index}`);
  return messages.end();
}
