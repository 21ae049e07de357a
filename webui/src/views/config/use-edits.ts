/** What was changed in the form and not saved yet, and saving it: by key, so that nothing else in the file is touched. */
import { useState } from 'preact/hooks';
import { editJsonc } from '../../../../shared/config/jsonc.js';
import { ApiError, call, type Call } from '../../api/client.js';
import { showSaved } from './saved.js';
import { t } from './text.js';
import { type ConfigView, type Field, patchOf, valueOf } from './schema-fields.js';

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

/** @param reload  reads the file again */
export function useEdits(view: ConfigView | undefined, reload: () => void) {
  const [edits, setEdits] = useState<Edits>(new Map());
  const [error, setError] = useState<unknown>(undefined);
  const [theirs, setTheirs] = useState<ConfigView | undefined>(undefined);
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
  const save = async (chosen: Edits, revision: string): Promise<void> => {
    const { method, path, body } = callOf(chosen);
    try {
      const saved = await call<{ revision: string }>(method, path, { body, headers: { 'If-Match': `"${revision}"` } });
      const text = t('savedKeys', { keys: [...chosen.keys()].join(', ') });
      await showSaved({ before: revision, after: saved.revision, text, reload });
      clear();
      // In force by then, also where no event says so.
      setTimeout(reload, IN_FORCE_MS);
    } catch (failure) {
      setTheirs(undefined);
      if (failure instanceof ApiError && failure.status === 412) setTheirs(await call<ConfigView>('GET', '/api/config'));
      else setError(failure);
    }
  };
  return {
    edits,
    error,
    theirs,
    change,
    clear,
    closeConflict: () => setTheirs(undefined),
    save: () => save(edits, view?.revision ?? ''),
    /** Over what somebody else has written meanwhile: only these. */
    saveOver: (chosen: Edits) => (chosen.size === 0 ? clear() : void save(chosen, theirs?.revision ?? '')),
  };
}
