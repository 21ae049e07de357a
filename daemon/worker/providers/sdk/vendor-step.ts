/**
 * Collects a step as the vendor expects it back with the tool results: text, reasoning and calls in order, each with the vendor's
 * data. Part of the vendor bundle.
 */
import { definedFields, type Fields, fieldsOf, listOf } from '../../../../shared/fields.js';
import type { AnswerStep, CompletionAnswerPart, CompletionEvent, CompletionToolCall, VendorData } from '../completion.js';
import type { SdkMessage, SdkStreamPart } from './sdk-call.js';

/** Types of reasoning that come in pieces. */
const PASSAGES: ReadonlySet<unknown> = new Set(['reasoning.text', 'reasoning.summary']);

type VendorOptions = SdkMessage['providerOptions'];

/** What a message has besides text and calls. */
interface Extras {
  /** Their URLs. */
  readonly images: string[];
  readonly annotations: Fields[];
}

/** The key of the extras in the metadata of an answer. They are for the caller, and do not return to the vendor. */
const EXTRAS = 'extras';

/**
 * Collects fields of a streamed message of chat completions that the SDK does not know: pictures, sources, and the reasoning in
 * OpenRouter's own form, signatures of the models behind it included, which must return with the message:
 * https://openrouter.ai/docs/guides/best-practices/reasoning-tokens.
 */
export class StreamedFields {
  readonly #details: Record<string, unknown>[] = [];
  readonly #extras: Extras = { images: [], annotations: [] };

  processChunk(chunk: unknown): void {
    const [choice] = listOf(fieldsOf(chunk)['choices']);
    const { reasoning_details: details, images, annotations } = fieldsOf(choice?.['delta']);
    for (const detail of listOf(details)) this.#add(detail);
    for (const { image_url: image } of listOf(images)) {
      const { url } = fieldsOf(image);
      if (typeof url === 'string') this.#extras.images.push(url);
    }
    this.#extras.annotations.push(...listOf(annotations));
  }

  /** Returns fields of the message that must return with it, under the SDK's name for them, and the extras. */
  buildMetadata(): VendorOptions {
    const back = this.#details.length === 0 ? {} : { openaiCompatible: { reasoning_details: this.#details } };
    return { ...back, [EXTRAS]: this.#extras } as unknown as VendorOptions;
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

/** Yields the picture of a part, unless it is a draft that belongs to the reasoning. */
export function* pictureIn({ mediaType, data, providerMetadata }: Extract<SdkStreamPart, { type: 'file' }>): Generator<CompletionEvent> {
  if (!mediaType.startsWith('image/') || typeof data !== 'string' || providerMetadata?.['google']?.['thought'] === true) return;
  yield { type: 'image', url: `data:${mediaType};base64,${data}` };
}

type SdkFinish = Extract<SdkStreamPart, { type: 'finish' }>;

/** Yields the pictures and sources that came with the end of an answer. */
export function* extrasOf({ providerMetadata }: SdkFinish): Generator<CompletionEvent> {
  const { images, annotations } = (providerMetadata?.[EXTRAS] ?? { images: [], annotations: [] }) as unknown as Extras;
  for (const url of images) yield { type: 'image', url };
  if (annotations.length > 0) yield { type: 'annotations', annotations };
}

/** Returns the fields of its message that came with the end of an answer. */
function messageFields({ providerMetadata }: SdkFinish): VendorOptions {
  const fields = providerMetadata?.['openaiCompatible'];
  return fields && { openaiCompatible: fields };
}

/** A piece of a text or of reasoning. */
type Piece = Extract<SdkStreamPart, { id: string; type: `${'text' | 'reasoning'}-${'start' | 'delta' | 'end'}` }>;

/** A text or reasoning as far as it has been written. */
interface Passage {
  readonly type: 'text' | 'reasoning';
  text: string;
  vendor?: VendorData;
}

export class VendorStep {
  readonly calls: CompletionToolCall[] = [];
  /** Data of the whole message. */
  vendor: VendorOptions;
  readonly #parts: CompletionAnswerPart[] = [];
  readonly #passages = new Map<string, Passage>();

  read(part: SdkStreamPart): void {
    switch (part.type) {
      case 'text-start':
      case 'text-delta':
      case 'text-end':
        return this.#add('text', part);
      case 'reasoning-start':
      case 'reasoning-delta':
      case 'reasoning-end':
        return this.#add('reasoning', part);
      case 'tool-call': {
        const { toolCallId: id, toolName: name, input, providerMetadata: vendor } = part;
        const call = { type: 'toolCall' as const, id, name, arguments: input, ...definedFields({ vendor }) };
        this.calls.push(call);
        this.#parts.push(call);
        return;
      }
      case 'finish':
        this.vendor = messageFields(part);
        return;
      default: // parts that do not belong to the step
    }
  }

  /** Returns the step as plain data. Texts that a vendor announced but left empty are omitted. */
  whole(): AnswerStep {
    const parts = this.#parts.filter((part) => part.type !== 'text' || part.text !== '');
    return { parts, ...definedFields({ vendor: this.vendor }) };
  }

  #add(type: Passage['type'], part: Piece): void {
    const { id, providerMetadata: vendor } = part;
    if (part.type.endsWith('-start')) {
      const begun: Passage = { type, text: '' };
      this.#passages.set(`${type} ${id}`, begun);
      this.#parts.push(begun);
    }
    const passage = this.#passages.get(`${type} ${id}`);
    if (passage === undefined) return;
    // A refusal is not sent back to the model.
    if ('delta' in part && !('isRefusal' in part)) passage.text += part.delta;
    // The last data counts, because signatures come at the end.
    if (vendor !== undefined) passage.vendor = vendor;
  }
}
