/** The settings as a form made from the gateway's JSON Schema. Only changed settings are sent. */
import type { ConfigView } from '../../../../shared/api/gateway/config.js';
import { useEffect, useRef, useState } from 'preact/hooks';
import { useLiveReload } from '../../api/live-reload.js';
import { call } from '../../api/client.js';
import { useResource } from '../../api/use-resource.js';
import { CheckField, SearchField } from '../../components/field/field.js';
import { Empty, Loaded } from '../../components/feedback/feedback.js';
import { useCommands } from '../../shell/commands.js';
import { address, changeQuery, hashOf } from '../../shell/router.js';
import { Conflict } from './conflict.js';
import { FieldRow } from './field-row.js';
import { Pending } from './pending.js';
import { isCustomised, type Schema, type Section, sectionsOf } from './schema-fields.js';
import { descriptionOf, t } from './text.js';
import { useEdits } from './use-edits.js';

async function load(signal: AbortSignal): Promise<{ schema: Schema; view: ConfigView }> {
  const [schema, view] = await Promise.all([
    call<Schema>('GET', '/api/config/schema', { signal }),
    call<ConfigView>('GET', '/api/config', { signal }),
  ]);
  return { schema, view };
}

/** Returns the fields that match the search and, if wanted, are customised. */
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
      <SearchField class="config-search" field={search} label={t('search')} value={q} onInput={(text) => changeQuery({ q: text })} />
      <CheckField
        label={t('onlyCustomised')}
        isChecked={only !== undefined}
        onChange={(isOn) => changeQuery({ only: isOn ? 'customised' : undefined })}
      />
    </div>
  );
}

/** A change is in force a moment after it was saved; only a longer delay is reported. */
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
  readonly loaded: { readonly schema: Schema; readonly view: ConfigView };
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
  const resource = useResource(load, []);
  const { value: loaded, error, reload, set } = resource;
  return (
    <>
      <Loaded of={resource} />
      {error !== undefined && loaded === undefined && (
        <p>
          <a href={hashOf('config', ['text'])}>{t('openText')}</a>
        </p>
      )}
      {/* The form stays while the gateway is unreachable, so that edits are not lost. */}
      {loaded !== undefined && <Form loaded={loaded} reload={reload} show={(view) => set({ ...loaded, view })} />}
    </>
  );
}
