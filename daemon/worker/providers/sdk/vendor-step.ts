/**
 * Rebuilds a step as the vendor expects it back with the tool results: text, reasoning and calls in order, each with the vendor's
 * metadata. Part of the vendor bundle.
 */
import { type Fields, fieldsOf, listOf } from '../../../../shared/fields.js';
import type { SdkMessage, SdkStreamPart } from './sdk-call.js';

type Content = Extract<SdkMessage, { role: 'assistant' }>['content'][number];
type Notes = Extract<SdkStreamPart, { type: 'text-delta' }>['providerMetadata'];

interface Passage {
  readonly type: 'text' | 'reasoning';
  text: string;
  notes: Notes;
}

/** Types of reasoning that come in pieces. */
const PASSAGES: ReadonlySet<unknown> = new Set(['reasoning.text', 'reasoning.summary']);

type VendorOptions = SdkMessage['providerOptions'];

/**
 * Collects the reasoning of a stream in OpenRouter's own form, signatures of the models behind it included, which must return with
 * the message: https://openrouter.ai/docs/guides/best-practices/reasoning-tokens. The SDK only knows its text.
 */
export class ReasoningDetails {
  readonly #details: Record<string, unknown>[] = [];

  processChunk(chunk: unknown): void {
    const [choice] = listOf(fieldsOf(chunk)['choices']);
    for (const detail of listOf(fieldsOf(choice?.['delta'])['reasoning_details'])) this.#add(detail);
  }

  /** Returns fields of the message, under the SDK's name for them. */
  buildMetadata(): VendorOptions {
    return this.#details.length === 0 ? undefined : ({ openaiCompatible: { reasoning_details: this.#details } } as VendorOptions);
  }

  /** One passage of text comes in many pieces, the signature in the last. */
  #add(detail: Fields): void {
    const last = this.#details.at(-1);
    const isPiece = PASSAGES.has(detail['type']) && last?.['type'] === detail['type'] && last?.['index'] === detail['index'];
    if (last === undefined || !isPiece) return void this.#details.push({ ...detail });
    for (const [name, value] of Object.entries(detail)) {
      const before = last[name];
      const isText = (name === 'text' || name === 'summary') && typeof before === 'string' && typeof value === 'string';
      last[name] = isText ? before + value : (value ?? before);
    }
  }
}

/** Returns the fields of its message that came with the end of an answer. */
export function messageFields({ providerMetadata }: Extract<SdkStreamPart, { type: 'finish' }>): VendorOptions {
  const fields = providerMetadata?.['openaiCompatible'];
  return fields && { openaiCompatible: fields };
}

export class VendorStep {
  readonly #content: (Passage | Exclude<Content, { type: 'text' | 'reasoning' }>)[] = [];
  readonly #open = new Map<string, Passage>();
  #hasCalls = false;
  #fields: VendorOptions;

  /** @param call  the parsed request of a `tool-call` */
  read(part: SdkStreamPart, call?: { readonly input: unknown }): void {
    switch (part.type) {
      case 'text-start':
      case 'reasoning-start':
        return this.#begin(part.type === 'text-start' ? 'text' : 'reasoning', part);
      case 'text-delta':
      case 'reasoning-delta':
      case 'text-end':
      case 'reasoning-end':
        return this.#add(part);
      case 'tool-call': {
        this.#hasCalls = true;
        const { toolCallId, toolName, providerMetadata: notes } = part;
        this.#content.push({
          type: 'tool-call',
          toolCallId,
          toolName,
          input: call?.input,
          ...(notes === undefined ? {} : { providerOptions: notes }),
        });
        return;
      }
      case 'finish':
        this.#fields = messageFields(part);
        return;
      default: // parts that do not belong to the step
    }
  }

  /** Returns the step as plain data if it called tools. */
  message(): SdkMessage | undefined {
    if (!this.#hasCalls) return undefined;
    const content = this.#content.flatMap((part): Content[] => {
      if (part.type !== 'text' && part.type !== 'reasoning') return [part];
      const { type, text, notes } = part;
      if (type === 'text' && text === '') return [];
      return [{ type, text, ...(notes === undefined ? {} : { providerOptions: notes }) }];
    });
    return { role: 'assistant', content, ...(this.#fields === undefined ? {} : { providerOptions: this.#fields }) };
  }

  #begin(type: Passage['type'], { id, providerMetadata: notes }: { id: string; providerMetadata?: Notes }): void {
    const passage: Passage = { type, text: '', notes };
    this.#open.set(`${type} ${id}`, passage);
    this.#content.push(passage);
  }

  #add(part: Extract<SdkStreamPart, { type: 'text-delta' | 'reasoning-delta' | 'text-end' | 'reasoning-end' }>): void {
    const key = `${part.type.startsWith('text') ? 'text' : 'reasoning'} ${part.id}`;
    const passage = this.#open.get(key);
    if (passage === undefined) return;
    if ('delta' in part) passage.text += part.delta;
    else this.#open.delete(key);
    // The last note counts, because signatures come at the end.
    passage.notes = part.providerMetadata ?? passage.notes;
  }
}
