/** What was changed in the form and not saved yet, and saving it: by key, so that nothing else in the file is touched. */
import type { ConfigView } from '../../../../shared/api/gateway/config.js';
import { useRef, useState } from 'preact/hooks';
import { valueAt } from '../../../../shared/config/key-path.js';
import { editJsonc } from '../../../../shared/config/jsonc.js';
import { ApiError, call, type Call } from '../../api/client.js';
import { showSaved } from './saved.js';
import { t } from './text.js';
import { type Field, patchOf, valueOf } from './schema-fields.js';

export interface Edit {
  readonly field: Field;
  /** As the control holds it; null: out of the file. */
  readonly draft: string | null;
}
export type Edits = ReadonlyMap<string, Edit>;

const newValue = ({ field, draft }: Edit): unknown => (draft === null ? null : valueOf(field.kind, draft));

/** The gateway watches its files. */
const IN_FORCE_MS = 1_500;

const HIDDEN = '••••••••';

/** The file's text with the edits in it. @param isShown  what was typed as a secret is hidden */
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

/** Whether somebody else has changed one of the settings that are edited. */
function isTouched(edits: Edits, base: ConfigView, theirs: ConfigView): boolean {
  const textOf = (view: ConfigView, { field }: Edit): string | undefined => JSON.stringify(valueAt(view.config, field.path));
  return [...edits.values()].some((edit) => textOf(base, edit) !== textOf(theirs, edit));
}

/**
 * The view may be read again just when the first edit is made: what somebody else wrote is then not what the edits were made upon.
 * @returns the view as it was before them
 */
function useBase(view: ConfigView | undefined, edits: Edits): ConfigView | undefined {
  const base = useRef(view);
  if (edits.size === 0) base.current = view;
  return base.current;
}

/** So often somebody else may write between reading and saving before it is given up. */
const MAX_TRIES = 3;

/** @param show  puts what was read anew in the place of the view */
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
    const { method, path, body } = callOf(chosen);
    try {
      const saved = await call<{ revision: string }>(method, path, { body, headers: { 'If-Match': `"${revision}"` } });
      const text = t('savedKeys', { keys: [...chosen.keys()].join(', ') });
      // The next edit is made upon what was just saved.
      show(await call<ConfigView>('GET', '/api/config'));
      setEdits(new Map());
      setTheirs(undefined);
      await showSaved({ before: revision, after: saved.revision, text, reload });
      // In force by then, also where no event says so. What is edited again meanwhile stays upon what was read: a newer revision
      // would take somebody else's change for known.
      setTimeout(() => latest.current.size === 0 && reload(), IN_FORCE_MS);
    } catch (failure) {
      setTheirs(undefined);
      if (!(failure instanceof ApiError && failure.status === 412)) return setError(failure);
      const now = await call<ConfigView>('GET', '/api/config');
      // Another part of the file: nobody's change is lost.
      if (base !== undefined && triesLeft > 1 && !isTouched(chosen, base, now)) return save(chosen, now.revision, triesLeft - 1);
      setTheirs(now);
    }
  };
  return {
    edits,
    error,
    /** What the edits were made upon. */
    base,
    theirs,
    change,
    clear,
    closeConflict: () => setTheirs(undefined),
    save: () => save(edits, base?.revision ?? ''),
    /** Over what somebody else has written meanwhile: only these. */
    saveOver: (chosen: Edits) => (chosen.size === 0 ? clear() : void save(chosen, theirs?.revision ?? '')),
  };
}
