/** The settings as a form made from the gateway's own schema. Only what was changed is sent. */
import { useState } from 'preact/hooks';
import { ApiError, call, type Call } from '../../api/client.js';
import { useResource } from '../../api/use-resource.js';
import { Button } from '../../components/button.js';
import { CopyAs } from '../../components/copy-as.js';
import { Dialog, DialogActions } from '../../components/dialog.js';
import { Empty, ErrorBox, Spinner } from '../../components/feedback.js';
import { showToast } from '../../components/toast.js';
import { valueAt } from '../../../../shared/config/key-path.js';
import { address, changeQuery } from '../../shell/router.js';
import { t as shell } from '../../shell/text.js';
import { FieldRow } from './field-row.js';
import { type ConfigView, draftOf, type Field, patchOf, type Schema, sectionsOf, valueOf } from './schema-fields.js';
import { t } from './text.js';

interface Edit {
  readonly field: Field;
  readonly draft: string | null;
}
type Edits = ReadonlyMap<string, Edit>;

interface Loaded {
  readonly schema: Schema;
  readonly view: ConfigView;
}

async function load(signal: AbortSignal): Promise<Loaded> {
  const [schema, view] = await Promise.all([
    call<Schema>('GET', '/api/config/schema', { signal }),
    call<ConfigView>('GET', '/api/config', { signal }),
  ]);
  return { schema, view };
}

const newValue = ({ field, draft }: Edit): unknown => (draft === null ? null : valueOf(field.kind, draft));

function shownDraft({ field, draft }: Edit): string {
  if (draft === null) return t('sourceDefault');
  return field.kind === 'secret' ? '••••' : draft.replaceAll('\n', ', ');
}

/** What is about to be written. */
function Changes({ edits, view }: { edits: Edits; view: ConfigView }) {
  return (
    <ul class="config-changes">
      {[...edits.values()].map((edit) => (
        <li key={edit.field.key}>
          <code>{edit.field.key}</code>:{' '}
          <del>{draftOf(edit.field.kind, valueAt(view.effective, edit.field.path)).replaceAll('\n', ', ') || '—'}</del> →{' '}
          <ins>{shownDraft(edit)}</ins>
        </li>
      ))}
    </ul>
  );
}

interface ConflictProps {
  readonly edits: Edits;
  readonly theirs: ConfigView;
  readonly onMine: () => void;
  readonly onTheirs: () => void;
  readonly onClose: () => void;
}

/** The file was changed by somebody else meanwhile: each key that was changed here, as it is there. */
function Conflict({ edits, theirs, onMine, onTheirs, onClose }: ConflictProps) {
  return (
    <Dialog title={t('conflict')} size="wide" onClose={onClose}>
      <p>{t('conflictText')}</p>
      <table class="table">
        <thead>
          <tr>
            <th scope="col">{t('key')}</th>
            <th scope="col">{t('mine')}</th>
            <th scope="col">{t('theirs')}</th>
          </tr>
        </thead>
        <tbody>
          {[...edits.values()].map((edit) => (
            <tr key={edit.field.key}>
              <td>
                <code>{edit.field.key}</code>
              </td>
              <td>{shownDraft(edit)}</td>
              <td>{draftOf(edit.field.kind, valueAt(theirs.config, edit.field.path)) || t('sourceDefault')}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <DialogActions>
        <Button onClick={onTheirs}>{t('takeTheirs')}</Button>
        <Button kind="primary" onClick={onMine}>
          {t('saveMine')}
        </Button>
      </DialogActions>
    </Dialog>
  );
}

function useEdits(loaded: Loaded | undefined, reload: () => void) {
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
  const patch = (): Call => {
    const body = patchOf([...edits.values()].map((edit) => ({ path: edit.field.path, value: newValue(edit) })));
    return { method: 'PATCH', path: '/api/config', body };
  };
  const save = async (revision: string | undefined): Promise<void> => {
    const { method, path, body } = patch();
    try {
      await call(method, path, { body, headers: { 'If-Match': `"${revision ?? ''}"` } });
      showToast({ text: t('isSaved') });
      clear();
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
    setTheirs,
    change,
    clear,
    patch,
    save: () => save(loaded?.view.revision),
    saveOver: () => save(theirs?.revision),
  };
}

export function SettingsForm() {
  const { value: loaded, error: loadError, reload } = useResource(load, []);
  const { edits, error, theirs, setTheirs, change, clear, patch, save, saveOver } = useEdits(loaded, reload);
  const { q = '' } = address.value.query;
  if (loadError !== undefined) return <ErrorBox error={loadError} retry={reload} />;
  if (loaded === undefined) return <Spinner />;
  const { schema, view } = loaded;
  const wanted = q.trim().toLowerCase();
  const sections = sectionsOf(schema, view)
    .map(({ name, fields }) => ({ name, fields: fields.filter(({ key }) => key.toLowerCase().includes(wanted)) }))
    .filter(({ fields }) => fields.length > 0);
  return (
    <>
      <input
        type="search"
        class="config-search"
        aria-label={t('search')}
        placeholder={t('search')}
        value={q}
        onInput={(event) => changeQuery({ q: event.currentTarget.value })}
      />
      {!view.inForce && <p class="config-warning">{t('notInForce')}</p>}
      {sections.length === 0 && <Empty title={t('noMatch', { search: q })} />}
      {sections.map(({ name, fields }) => (
        <section key={name} class="card">
          <h2>
            <code>{name}</code>
          </h2>
          <ul class="config-rows">
            {fields.map((field) => {
              const edit = edits.get(field.key);
              return (
                <FieldRow key={field.key} field={field} view={view} edit={edit === undefined ? undefined : edit.draft} onEdit={change} />
              );
            })}
          </ul>
        </section>
      ))}
      {error !== undefined && <ErrorBox error={error} />}
      {edits.size > 0 && (
        <div class="config-save card" role="region" aria-label={t('unsaved', { count: edits.size })}>
          <p>{t('unsaved', { count: edits.size })}</p>
          <Changes edits={edits} view={view} />
          <div class="row">
            <Button kind="primary" onClick={() => void save()}>
              {shell('save')}
            </Button>
            <Button onClick={clear}>{t('discard')}</Button>
            <CopyAs call={patch} />
            <span class="muted">{t('live')}</span>
          </div>
        </div>
      )}
      {theirs !== undefined && (
        <Conflict edits={edits} theirs={theirs} onMine={() => void saveOver()} onTheirs={clear} onClose={() => setTheirs(undefined)} />
      )}
    </>
  );
}
