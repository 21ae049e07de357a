/** The settings as a form made from the gateway's JSON Schema, one section at a time. Only changed settings are sent. */
import { signal } from '@preact/signals';
import type { ConfigView } from '../../../../../shared/api/gateway/config.js';
import { useEffect, useRef, useState } from 'preact/hooks';
import { useLiveReload } from '../../../api/live-reload.js';
import { call } from '../../../api/client.js';
import { Button } from '../../../components/button/button.js';
import { SearchField } from '../../../components/field/field.js';
import { CopyCommand } from '../../../components/copy-command/copy-command.js';
import { Empty, Loaded } from '../../../components/feedback/feedback.js';
import { Segmented } from '../../../components/segmented/segmented.js';
import { useCommands } from '../../../shell/commands.js';
import { address, changeQuery, hashOf } from '../../../shell/router.js';
import { SaveBar } from '../save-bar.js';
import { t } from '../text.js';
import { useKept } from '../use-kept.js';
import { Conflict } from './conflict.js';
import { faultsOf, numberFault } from './faults.js';
import { isCustomised, isRebound, type Schema, type Section, sectionsOf } from './schema-fields.js';
import { SectionFields, SectionNav } from './sections.js';
import { descriptionOf, labelOf } from './setting-text.js';
import { callOf, useEdits } from './use-edits.js';
import { usePending } from './use-pending.js';

interface Whole {
  readonly schema: Schema;
  readonly view: ConfigView;
}

const last = signal<Whole | undefined>(undefined);

async function load(abort: AbortSignal): Promise<Whole> {
  const [schema, view] = await Promise.all([
    call<Schema>('GET', '/api/config/schema', { signal: abort }),
    call<ConfigView>('GET', '/api/config', { signal: abort }),
  ]);
  return { schema, view };
}

/** Returns the fields to show: those that match the search in all sections, else those of one section. */
function wantedOf(sections: readonly Section[], view: ConfigView): readonly Section[] {
  const { q = '', only, section } = address.value.query;
  const wanted = q.trim().toLowerCase();
  if (wanted === '' && only === undefined)
    return [sections.find(({ name }) => name === section) ?? sections[0] ?? { name: '', fields: [] }];
  return sections
    .map(({ name, fields }) => ({
      name,
      fields: fields.filter(
        (field) =>
          `${labelOf(field)} ${field.key} ${descriptionOf(field) ?? ''}`.toLowerCase().includes(wanted) &&
          (only === undefined || isCustomised(field, view)),
      ),
    }))
    .filter(({ fields }) => fields.length > 0);
}

export function Filters() {
  const { q = '', only } = address.value.query;
  const search = useRef<HTMLInputElement>(null);
  useCommands([{ id: 'config-search', label: t('search'), icon: 'search', keys: '/', run: () => search.current?.focus() }]);
  return (
    <>
      <SearchField field={search} label={t('search')} value={q} onInput={(text) => changeQuery({ q: text })} />
      <Segmented
        label={t('shown')}
        value={only === undefined ? 'all' : 'customised'}
        choices={[
          { value: 'all', label: t('all') },
          { value: 'customised', label: t('customised') },
        ]}
        onChange={(value) => changeQuery({ only: value === 'all' ? undefined : value })}
      />
    </>
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
    <p class="callout warning">
      {t('notInForce')} <a href={hashOf('config', ['text'])}>{t('openText')}</a>
    </p>
  );
}

interface FormProps {
  readonly loaded: Whole;
  readonly reload: () => void;
  readonly show: (view: ConfigView) => void;
}

function Form({ loaded: { schema, view }, reload, show }: FormProps) {
  const sections = sectionsOf(schema, view);
  const fields = sections.flatMap((section) => section.fields);
  const { edits, error, base, theirs, change, clear, closeConflict, save, saveOver } = useEdits(view, { fields, reload, show });
  const { problems, isChecked, diff, unchecked } = usePending(edits, view.revision);
  const { byKey: found, others } = faultsOf(problems, fields);
  const wrong = [...edits.values()].flatMap(({ field, draft }) => {
    const fault = numberFault(field, draft);
    return fault === undefined ? [] : [[field.key, fault] as const];
  });
  const byKey = new Map([...found, ...wrong]);
  const faults = byKey.size + others.length;
  const shown = wantedOf(sections, view);
  const moved = [...edits.keys()].filter(isRebound);
  const body = useRef<HTMLDivElement>(null);
  const { section = '', q = '', only = '' } = address.value.query;
  useEffect(() => body.current?.scrollTo(0, 0), [section, q, only]);
  const showFault = (): void => {
    const wrong = sections.find(({ fields: own }) => own.some(({ key }) => byKey.has(key)));
    if (wrong !== undefined) changeQuery({ section: wrong.name, q: undefined, only: undefined });
  };
  return (
    <>
      <div class="config-body config-form" ref={body}>
        <SectionNav sections={sections} current={shown.length === 1 ? shown[0]?.name : undefined} edits={edits} faults={byKey} />
        <div class="config-sections">
          <NotInForce isShown={!view.inForce} />
          {shown.length === 0 && <Empty icon="search" title={t('noMatch')} />}
          {shown.map((section) => (
            <SectionFields key={section.name} section={section} view={view} edits={edits} faults={byKey} onEdit={change} />
          ))}
        </div>
      </div>
      {edits.size > 0 && (
        <SaveBar
          title={t('unsaved', { count: edits.size })}
          messages={others}
          note={moved.length === 0 ? undefined : t('rebind')}
          {...{ faults, diff, error, unchecked }}
          isReady={isChecked && faults === 0}
          onFaults={showFault}
          onSave={save}
          onDiscard={clear}
        >
          <CopyCommand call={() => callOf(edits)} isMenu />
        </SaveBar>
      )}
      {theirs !== undefined && <Conflict {...{ edits, theirs, base }} onSave={saveOver} onClose={closeConflict} />}
    </>
  );
}

export function SettingsForm() {
  const kept = useKept(last, load);
  const { value: loaded, error, reload, refresh, set } = kept;
  useLiveReload(['config'], refresh);
  return (
    <>
      <div class="config-state">
        <Loaded of={kept} lines={9} />
        {loaded === undefined && error !== undefined && <Button text={t('openText')} href={hashOf('config', ['text'])} />}
      </div>
      {loaded !== undefined && <Form loaded={loaded} reload={reload} show={(view) => set({ ...loaded, view })} />}
    </>
  );
}
