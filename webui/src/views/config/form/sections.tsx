/** The sections of the settings: the navigation between them, and the fields of one. */
import type { ConfigView } from '../../../../../shared/api/gateway/config.js';
import { Select } from '../../../components/field/field.js';
import { Icon, type IconName } from '../../../components/icon/icon.js';
import { Badge } from '../../../components/status-dot/status-dot.js';
import { hashOf, navigate } from '../../../shell/router.js';
import { t } from '../text.js';
import type { Faults } from './faults.js';
import { FieldRow } from './field-row.js';
import type { Field, Section } from './schema-fields.js';
import { groupOf, sectionLabel } from './setting-text.js';
import type { Edits } from './use-edits.js';

const ICONS: Readonly<Record<string, IconName>> = {
  gateway: 'settings',
  agents: 'bot',
  transcription: 'microphone',
  mcp: 'tools',
  channels: 'channels',
  cron: 'cron',
  sessions: 'sessions',
  store: 'archive',
  logs: 'logs',
  telemetry: 'status',
  '': 'warning',
};

interface NavProps {
  readonly sections: readonly Section[];
  /** Undefined while settings of several sections are shown. */
  readonly current: string | undefined;
  readonly edits: Edits;
  readonly faults: Faults;
}

const addressOf = (section: string): string => hashOf('config', [], { section });

/** Links at the side; a select on narrow screens. */
export function SectionNav({ sections, current, edits, faults }: NavProps) {
  const countOf = ({ fields }: Section): number => fields.filter(({ key }) => faults.has(key)).length;
  const textOf = (section: Section): string => {
    const count = countOf(section);
    return count === 0 ? sectionLabel(section.name) : `${sectionLabel(section.name)} · ${t('faults', { count })}`;
  };
  return (
    <nav class="config-nav" aria-label={t('sections')}>
      <Select
        aria-label={t('section')}
        value={current ?? t('allSections')}
        choices={[
          ...(current === undefined ? [t('allSections')] : []),
          ...sections.map((section) => ({ value: section.name, label: textOf(section) })),
        ]}
        onChange={(section) => navigate(addressOf(section))}
      />
      <ul>
        {sections.map((section) => (
          <li key={section.name}>
            <a class="nav-link" href={addressOf(section.name)} aria-current={section.name === current ? 'page' : undefined}>
              <Icon name={ICONS[section.name] ?? 'config'} size={16} />
              <span>{sectionLabel(section.name)}</span>
              {countOf(section) > 0 ? (
                <Badge tone="bad">
                  <span aria-hidden="true">{countOf(section)}</span>
                  <span class="off-screen"> {t('faults', { count: countOf(section) })}</span>
                </Badge>
              ) : (
                section.fields.some(({ key }) => edits.has(key)) && <span class="unread-dot" title={t('changed')} />
              )}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

interface SectionProps {
  readonly section: Section;
  readonly view: ConfigView;
  readonly edits: Edits;
  readonly faults: Faults;
  readonly onEdit: (field: Field, edit: string | null | undefined) => void;
}

/** Returns the fields by the heading above them, first those without one. */
function groupsOf(fields: readonly Field[]): [heading: string | undefined, fields: Field[]][] {
  const groups = new Map<string | undefined, Field[]>();
  for (const field of fields) groups.set(groupOf(field), [...(groups.get(groupOf(field)) ?? []), field]);
  return [...groups].toSorted(([one], [other]) => Number(one !== undefined) - Number(other !== undefined));
}

export function SectionFields({ section: { name, fields }, view, edits, faults, onEdit }: SectionProps) {
  return (
    <section class="config-section" aria-label={sectionLabel(name)}>
      <h2>{sectionLabel(name)}</h2>
      {name === '' && <p class="hint">{t('unknownText')}</p>}
      {groupsOf(fields).map(([heading, group]) => (
        <div key={heading ?? ''} class="config-group">
          {heading !== undefined && name !== '' && <h3>{heading}</h3>}
          <ul class="card config-rows">
            {group.map((field) => (
              <FieldRow key={field.key} {...{ field, view, onEdit }} edit={edits.get(field.key)?.draft} fault={faults.get(field.key)} />
            ))}
          </ul>
        </div>
      ))}
    </section>
  );
}
