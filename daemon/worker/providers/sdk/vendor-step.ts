/**
 * Rebuilds a step as the vendor expects it back with the tool results: text, reasoning and calls in order, each with
 * the vendor's metadata. Part of the bundle that speaks to vendors.
 */
import type { SdkMessage, SdkStreamPart } from './sdk-call.js';

type Content = Extract<SdkMessage, { role: 'assistant' }>['content'][number];
type Notes = Extract<SdkStreamPart, { type: 'text-delta' }>['providerMetadata'];

interface Passage {
  readonly type: 'text' | 'reasoning';
  text: string;
  notes: Notes;
}

export class VendorStep {
  readonly #content: (Passage | Exclude<Content, { type: 'text' | 'reasoning' }>)[] = [];
  readonly #open = new Map<string, Passage>();
  #hasCalls = false;

  /** @param call  what a `tool-call` asks for, as it was understood */
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
    return { role: 'assistant', content };
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
    // The last note counts: signatures come at the end.
    passage.notes = part.providerMetadata ?? passage.notes;
  }
}
