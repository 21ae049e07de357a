/** Unsaved input of forms. This browser keeps it until it is saved or discarded; secrets are kept only as long as the page is open. */
import { signal } from '@preact/signals';
import { hidesValue } from '../../../shared/config/secrets.js';
import { readJson, writeSetting } from '../settings.js';

/** Names a draft. */
export interface DraftId {
  readonly kind: 'config.form' | 'config.file' | 'draft.cron';
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

const hasCredentials = (value: string): boolean => /:\/\/[^/]*@/.test(value);

/** Returns whether the value of a key must not be written to the disk of this browser. */
export const isPrivate = (name: string, value: string): boolean => hidesValue(name) || hasCredentials(value);

/** A key, its colon, and a string, which may still be typed. */
const ENTRY = /("((?:[^"\\\n]|\\.)*)"\s*:\s*)"((?:[^"\\\n]|\\.)*)/g;
const REFERENCE = /^\$\{\w+\}$/;

/** Returns a text of the file with empty strings in place of secrets. References to variables are kept. */
export function withoutSecrets(text: string): string {
  return text.replace(ENTRY, (...[entry, start, name, value]: string[]) =>
    isPrivate(name ?? '', value ?? '') && !REFERENCE.test(value ?? '') ? `${start}"` : (entry ?? ''),
  );
}
