/** Unsaved input of forms. This browser keeps it until it is saved or discarded; secrets are kept only as long as the page is open. */
import { signal } from '@preact/signals';
import { readJson, writeSetting } from '../settings.js';

/** Names a draft. */
export interface DraftId {
  readonly kind: 'config.form' | 'config.file' | 'draft.job';
  /** What it drafts: the path of the configuration file, or a job. */
  readonly of: string;
}

/** Drafts with their secrets, by name. */
const inPage = signal<Readonly<Record<string, unknown>>>({});

const nameOf = ({ kind, of }: DraftId): string => `${kind}.${of}`;

/** A component that reads it is rendered again when the draft changes. */
export function readDraft<Value>(id: DraftId): Value | undefined {
  const name = nameOf(id);
  if (Object.hasOwn(inPage.value, name)) return inPage.value[name] as Value | undefined;
  return readJson<Value>(name);
}

/** @param value  undefined: saved or discarded\n@param kept   the value without its secrets, if it may have any */
export function writeDraft<Value>(id: DraftId, value: Value | undefined, kept = value): void {
  const name = nameOf(id);
  inPage.value = { ...inPage.peek(), [name]: value };
  writeSetting(name, kept === undefined ? undefined : JSON.stringify(kept));
}
