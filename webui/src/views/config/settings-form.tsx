/** The settings as a form made from the gateway's own schema. Only what was changed is sent. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { useLiveReload } from '../../api/live-reload.js';
import { call } from '../../api/client.js';
import { useResource } from '../../api/use-resource.js';
import { CheckField } from '../../components/field.js';
import { Empty, ErrorBox, Spinner } from '../../components/feedback.js';
import { useCommands } from '../../shell/commands.js';
import { address, changeQuery, hashOf } from '../../shell/router.js';
import { Conflict } from './conflict.js';
import { FieldRow } from './field-row.js';
import { Pending } from './pending.js';
import { type ConfigView, isCustomised, type Schema, type Section, sectionsOf } from './schema-fields.js';
import { descriptionOf, t } from './text.js';
import { useEdits } from './use-edits.js';

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

/** Those that match the search, and are customised where only such are wanted. */
function wantedOf(sections: readonly Section[], view: ConfigView): Section[] {
  const { q = '', only } = address.value.query;
  const wanted = q.trim().toLowerCase();
  return sections
    .map(({ name, fields }) => ({
      name,
      fields: fields.filter(
        (field) =>
          `${field.key} ${descriptionOf(field) ?? ''}`.toLowerCase().includes(wanted) && (only === undefined || isCustomised(field, view)),
      ),
    }))
    .filter(({ fields }) => fields.length > 0);
}

function Filters() {
  const { q = '', only } = address.value.query;
  const search = useRef<HTMLInputElement>(null);
  useCommands([{ id: 'config-search', label: t('search'), icon: 'search', keys: '/', run: () => search.current?.focus() }]);
  return (
    <div class="row">
      <input
        ref={search}
        type="search"
        class="config-search"
        aria-label={t('search')}
        placeholder={t('search')}
        value={q}
        onInput={(event) => changeQuery({ q: event.currentTarget.value })}
      />
      <CheckField
        label={t('onlyCustomised')}
        isChecked={only !== undefined}
        onChange={(isOn) => changeQuery({ only: isOn ? 'customised' : undefined })}
      />
    </div>
  );
}

/** What was saved a moment ago is not in force yet, and need not be worried about. */
const SETTLE_MS = 3_000;

function NotInForce({ isShown }: { isShown: boolean }) {
  const [isLate, setLate] = useState(false);
  useEffect(() => {
    setLate(false);
    if (!isShown) return undefined;
    const timer = setTimeout(() => setLate(true), SETTLE_MS);
    return () => clearTimeout(timer);
  }, [isShown]);
  if (!isLate) return null;
  return (
    <p class="config-warning">
      {t('notInForce')} <a href={hashOf('config', ['text'])}>{t('openText')}</a>
    </p>
  );
}

interface FormProps {
  readonly loaded: Loaded;
  readonly reload: () => void;
  readonly show: (view: ConfigView) => void;
}

function Form({ loaded: { schema, view }, reload, show }: FormProps) {
  const { edits, error, base = view, theirs, change, clear, closeConflict, save, saveOver } = useEdits(view, { reload, show });
  const changed = edits.size > 0;
  useCommands([
    ...(changed ? [{ id: 'config-save', label: t('saveAll'), icon: 'check' as const, keys: 'mod+s', run: () => void save() }] : []),
    ...(changed ? [{ id: 'config-discard', label: t('discardAll'), icon: 'close' as const, run: clear }] : []),
  ]);
  useLiveReload(['config'], () => edits.size === 0 && reload());
  const sections = wantedOf(sectionsOf(schema, view), view);
  return (
    <>
      <Filters />
      <NotInForce isShown={!view.inForce} />
      {sections.length === 0 && <Empty title={t('noMatch', { search: address.value.query['q'] ?? '' })} />}
      {sections.map(({ name, fields }) => (
        <section key={name} class="card">
          <h2>{name === '' ? t('unknownKeys') : <code>{name}</code>}</h2>
          {name === '' && <p class="hint">{t('unknownText')}</p>}
          <ul class="config-rows">
            {fields.map((field) => (
              <FieldRow key={field.key} field={field} view={view} edit={edits.get(field.key)?.draft} onEdit={change} />
            ))}
          </ul>
        </section>
      ))}
      {edits.size > 0 && <Pending {...{ edits, error }} revision={view.revision} onSave={() => void save()} onDiscard={clear} />}
      {theirs !== undefined && <Conflict {...{ edits, theirs }} base={base} onSave={saveOver} onClose={closeConflict} />}
    </>
  );
}

export function SettingsForm() {
  const { value: loaded, error, reload, set } = useResource(load, []);
  if (loaded === undefined && error === undefined) return <Spinner />;
  return (
    <>
      {error !== undefined && <ErrorBox error={error} retry={reload} isStale={loaded !== undefined} />}
      {error !== undefined && loaded === undefined && (
        <p>
          <a href={hashOf('config', ['text'])}>{t('openText')}</a>
        </p>
      )}
      {/* What is being edited outlives a gateway that is gone for a moment. */}
      {loaded !== undefined && <Form loaded={loaded} reload={reload} show={(view) => set({ ...loaded, view })} />}
    </>
  );
}
