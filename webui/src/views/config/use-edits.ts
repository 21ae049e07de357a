/** The unsaved edits of the form. They are saved by key, so that nothing else in the file changes. */
import type { ConfigRevision, ConfigView } from '../../../../shared/api/gateway/config.js';
import { useRef, useState } from 'preact/hooks';
import { valueAt } from '../../../../shared/config/key-path.js';
import { editJsonc } from '../../../../shared/config/jsonc-edit.js';
import { ApiError, call, type Call, make } from '../../api/client.js';
import { match } from './config-api.js';
import { showSaved } from './saved.js';
import { t } from './text.js';
import { type Field, patchOf, valueOf } from './schema-fields.js';

export interface Edit {
  readonly field: Field;
  /** The text of the control; null: remove the key from the file. */
  readonly draft: string | null;
}
export type Edits = ReadonlyMap<string, Edit>;

const newValue = ({ field, draft }: Edit): unknown => (draft === null ? null : valueOf(field.kind, draft));

/** The gateway watches its files: a change is in force within this time. */
const IN_FORCE_MS = 1_500;

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

/** Returns whether somebody else has changed one of the edited settings. */
function isTouched(edits: Edits, base: ConfigView, theirs: ConfigView): boolean {
  const textOf = (view: ConfigView, { field }: Edit): string | undefined => JSON.stringify(valueAt(view.config, field.path));
  return [...edits.values()].some((edit) => textOf(base, edit) !== textOf(theirs, edit));
}

/** Returns the view before the first edit: a reload after it must not pass off somebody else's change as the base of the edits. */
function useBase(view: ConfigView | undefined, edits: Edits): ConfigView | undefined {
  const base = useRef(view);
  if (edits.size === 0) base.current = view;
  return base.current;
}

/** The number of attempts to save while somebody else keeps writing. */
const MAX_TRIES = 3;

/** @param show  replaces the view by one that was read again */
export function useEdits(view: ConfigView | undefined, { reload, show }: { reload: () => void; show: (view: ConfigView) => void }) {
  const [edits, setEdits] = useState<Edits>(new Map());
  const [error, setError] = useState<unknown>(undefined);
  const [theirs, setTheirs] = useState<ConfigView | undefined>(undefined);
  const base = useBase(view, edits);
  const latest = useRef(edits);
  latest.current = edits;
  const change = (field: Field, draft: string | null | undefined): void => {
    const next = new Map(edits);
    if (draft === undefined) next.delete(field.key);
    else next.set(field.key, { field, draft });
    setEdits(next);
    setError(undefined);
  };
  const clear = (): void => {
    setEdits(new Map());
    setTheirs(undefined);
    setError(undefined);
    reload();
  };
  const save = async (chosen: Edits, revision: string, triesLeft = MAX_TRIES): Promise<void> => {
    try {
      const saved = await make<ConfigRevision>({ ...callOf(chosen), headers: match(revision) });
      const text = t('savedKeys', { keys: [...chosen.keys()].join(', ') });
      // The next edit starts from the saved file.
      show(await call<ConfigView>('GET', '/api/config'));
      setEdits(new Map());
      setTheirs(undefined);
      await showSaved({ before: revision, after: saved.revision, text, reload });
      // The change is in force by then, even without an event. New edits keep their base: a newer revision would hide a change
      // of somebody else.
      setTimeout(() => latest.current.size === 0 && reload(), IN_FORCE_MS);
    } catch (failure) {
      setTheirs(undefined);
      if (!(failure instanceof ApiError && failure.status === 412)) return setError(failure);
      const now = await call<ConfigView>('GET', '/api/config');
      // Another part of the file has changed: no change is lost.
      if (base !== undefined && triesLeft > 1 && !isTouched(chosen, base, now)) return save(chosen, now.revision, triesLeft - 1);
      setTheirs(now);
    }
  };
  return {
    edits,
    error,
    /** The view that the edits started from. */
    base,
    theirs,
    change,
    clear,
    closeConflict: () => setTheirs(undefined),
    save: () => save(edits, base?.revision ?? ''),
    /** Saves the chosen edits over somebody else's change. */
    saveOver: (chosen: Edits) => (chosen.size === 0 ? clear() : void save(chosen, theirs?.revision ?? '')),
  };
}
