/** The unsaved edits of the form. They are saved by key, so that nothing else in the file changes. */
import type { ConfigRevision, ConfigView } from '../../../../../shared/api/gateway/config.js';
import { useState } from 'preact/hooks';
import { valueAt } from '../../../../../shared/config/key-path.js';
import { editJsonc } from '../../../../../shared/config/jsonc-edit.js';
import { maskSecrets } from '../../../../../shared/config/secrets.js';
import { ApiError, call, type Call, make } from '../../../api/client.js';
import { IN_FORCE_MS } from '../../../api/in-force.js';
import { type DraftId, readDraft, writeDraft } from '../../../browser/drafts.js';
import { match } from '../../../api/call.js';
import { showSaved } from '../saved.js';
import { t } from '../text.js';
import { labelOf } from './setting-text.js';
import { type Field, patchOf, valueOf } from './schema-fields.js';

export interface Edit {
  readonly field: Field;
  /** The text of the control; null: remove the key from the file. */
  readonly draft: string | null;
}
export type Edits = ReadonlyMap<string, Edit>;

const newValue = ({ field, draft }: Edit): unknown => (draft === null ? null : valueOf(field.kind, draft));

const HIDDEN = '••••••••';

/** Returns the file's text with the edits. @param isShown  replaces typed secrets by dots */
export function editedText(text: string, edits: Edits, isShown: boolean): string {
  const changes = [...edits.values()].map((edit) => {
    const value = newValue(edit) ?? undefined;
    return { path: edit.field.path, value: isShown && edit.field.kind === 'secret' && value !== undefined ? HIDDEN : value };
  });
  return editJsonc(text, changes);
}

export function callOf(edits: Edits): Call {
  const body = patchOf([...edits.values()].map((edit) => ({ path: edit.field.path, value: newValue(edit) })));
  return { method: 'PATCH', path: '/api/config', body };
}

/** What the edits started from. */
export type Base = Pick<ConfigView, 'revision' | 'config'>;

/** Returns whether someone else has changed one of the edited settings. */
function isTouched(edits: Edits, base: Base, theirs: Base): boolean {
  const textOf = (view: Base, { field }: Edit): string | undefined => JSON.stringify(valueAt(view.config, field.path));
  return [...edits.values()].some((edit) => textOf(base, edit) !== textOf(theirs, edit));
}

/** The edits as this browser keeps them: by key, the text of the control. */
interface KeptEdits {
  readonly base: Base;
  readonly drafts: readonly (readonly [key: string, draft: string | null])[];
}

const idOf = (path: string): DraftId => ({ kind: 'config.form', of: path });

function writeEdits(path: string, edits: Edits, { revision, config }: Base): void {
  const keep = (kept: readonly Edit[]): KeptEdits | undefined =>
    kept.length === 0 ? undefined : { base: { revision, config }, drafts: kept.map(({ field, draft }) => [field.key, draft]) };
  const all = [...edits.values()];
  const isOpen = (edit: Edit): boolean => {
    const value = newValue(edit);
    return JSON.stringify(maskSecrets(value, edit.field.path)) === JSON.stringify(value);
  };
  writeDraft(idOf(path), keep(all), keep(all.filter(isOpen)));
}

const isInFile = (edit: Edit, view: ConfigView): boolean =>
  JSON.stringify(newValue(edit)) === JSON.stringify(valueAt(view.config, edit.field.path) ?? null);

/**
 * Returns the kept edits of fields that still exist, without those that the file has by now. While there are some, their base stays: a newer
 * view would hide another change.
 */
function readEdits(view: ConfigView, fields: readonly Field[]): { readonly edits: Edits; readonly base: Base } {
  const kept = readDraft<KeptEdits>(idOf(view.path));
  const edits = (kept?.drafts ?? []).flatMap(([key, draft]) => {
    const field = fields.find((other) => other.key === key);
    return field === undefined || isInFile({ field, draft }, view) ? [] : [[key, { field, draft }] as const];
  });
  return { edits: new Map(edits), base: edits.length === 0 ? view : (kept?.base ?? view) };
}

/** The number of attempts to save while someone else keeps writing. */
const MAX_TRIES = 3;

interface EditsOptions {
  readonly fields: readonly Field[];
  readonly reload: () => void;
  /** Replaces the view by one that was read again. */
  readonly show: (view: ConfigView) => void;
}

export function useEdits(view: ConfigView, { fields, reload, show }: EditsOptions) {
  const { edits, base } = readEdits(view, fields);
  const latest = (): Edits => readEdits(view, fields).edits;
  const put = (next: Edits, from: Base): void => writeEdits(view.path, next, from);
  const [error, setError] = useState<unknown>(undefined);
  const [theirs, setTheirs] = useState<ConfigView | undefined>(undefined);
  const change = (field: Field, draft: string | null | undefined): void => {
    const next = new Map(latest());
    if (draft === undefined) next.delete(field.key);
    else next.set(field.key, { field, draft });
    put(next, base);
    setError(undefined);
  };
  const clear = (): void => {
    put(new Map(), view);
    setTheirs(undefined);
    setError(undefined);
    reload();
  };
  const save = async (chosen: Edits, revision: string, triesLeft = MAX_TRIES): Promise<void> => {
    try {
      const saved = await make<ConfigRevision>({ ...callOf(chosen), headers: match(revision) });
      const text = t('savedKeys', { keys: [...chosen.values()].map(({ field }) => labelOf(field)).join(', ') });
      // The next edit starts from the saved file.
      const now = await call<ConfigView>('GET', '/api/config');
      show(now);
      // Text typed in the meantime is not saved yet.
      put(new Map([...latest()].filter(([key, { draft }]) => edits.get(key)?.draft !== draft)), now);
      setTheirs(undefined);
      await showSaved({ before: revision, after: saved.revision, text, reload });
      // The change is in force by then, even without an event. New edits keep their base: a newer revision would hide someone
      // else's change.
      setTimeout(() => latest().size === 0 && reload(), IN_FORCE_MS);
    } catch (failure) {
      setTheirs(undefined);
      if (!(failure instanceof ApiError && failure.status === 412)) throw failure;
      const now = await call<ConfigView>('GET', '/api/config');
      // Another part of the file has changed: no change is lost.
      if (triesLeft > 1 && !isTouched(chosen, base, now)) return save(chosen, now.revision, triesLeft - 1);
      setTheirs(now);
    }
  };
  return {
    edits,
    error,
    /** What the edits started from. */
    base,
    theirs,
    change,
    clear,
    closeConflict: () => setTheirs(undefined),
    save: () => save(edits, base.revision).catch(setError),
    /** Saves the chosen edits over someone else's change. */
    saveOver: (chosen: Edits) => (chosen.size === 0 ? clear() : void save(chosen, theirs?.revision ?? '').catch(setError)),
  };
}
