/** One setting: its key, its value, the source of the value, and a reset to the default. */
import type { ConfigView } from '../../../../shared/api/gateway/config.js';
import { Button } from '../../components/button/button.js';
import { CheckField, SelectField, TextArea, TextField } from '../../components/field/field.js';
import { draftOf, type Field, isCustomised, isMask, isRebound, shownValue } from './schema-fields.js';
import { valueAt } from '../../../../shared/config/key-path.js';
import { descriptionOf, t } from './text.js';

export interface RowProps {
  readonly field: Field;
  readonly view: ConfigView;
  /** The edited text; undefined: not edited; null: reset to the default. */
  readonly edit: string | null | undefined;
  readonly onEdit: (field: Field, edit: string | null | undefined) => void;
}

/** Returns the description of the setting, then its permitted values. */
function hintOf(field: Field, value: unknown, pin: string | undefined): string | undefined {
  const hints = [descriptionOf(field), pin === undefined ? allowedOf(field, value) : t('pinned', { name: pin })];
  return hints.filter(Boolean).join(' ') || undefined;
}

function allowedOf({ schema, kind }: Field, value: unknown): string | undefined {
  if (kind === 'list') return t('onePerLine');
  if (kind === 'secret') return isMask(value) ? t('secretSet', { hint: value.hint }) : t('secretNone');
  if (kind === 'number' && schema.minimum !== undefined && schema.maximum !== undefined) {
    return t('between', { from: schema.minimum, to: schema.maximum });
  }
  return undefined;
}

/** A switch without a default has a third state. */
function choicesOf(schema: Field['schema']): { value: string; label: string }[] {
  const names = (schema.anyOf?.find((part) => part.enum !== undefined) ?? schema).enum ?? ['true', 'false'];
  const choices = names.map((id) => ({ value: id, label: id }));
  return schema.type === 'boolean' ? [{ value: '', label: t('notSet') }, ...choices] : choices;
}

function Control({ field, view, edit, onEdit, pin }: RowProps & { pin: string | undefined }) {
  const { kind, key, schema } = field;
  const isPinned = pin !== undefined;
  const value = shownValue(field, view);
  const draft = edit === null ? draftOf(kind, schema.default) : (edit ?? draftOf(kind, value));
  const hint = hintOf(field, value, pin);
  const common = { label: key, ...(hint === undefined ? {} : { hint }) };
  const set = (next: string): void => onEdit(field, next === draftOf(kind, value) ? undefined : next);
  switch (kind) {
    case 'switch':
      return isPinned ? (
        <TextField {...common} value={draft} onInput={set} disabled />
      ) : (
        <CheckField {...common} isChecked={draft === 'true'} onChange={(isOn) => set(String(isOn))} />
      );
    case 'choice':
      return <SelectField {...common} value={draft} disabled={isPinned} onChange={set} choices={choicesOf(schema)} />;
    case 'list':
      return <TextArea {...common} value={draft} rows={Math.min(6, Math.max(2, draft.split('\n').length))} isCode onInput={set} />;
    case 'secret':
      return (
        <TextField
          {...common}
          type="password"
          value={edit ?? ''}
          placeholder={isMask(value) ? t('unchanged') : t('notSet')}
          disabled={isPinned}
          onInput={(next) => onEdit(field, next === '' ? undefined : next)}
        />
      );
    case 'other':
      return (
        <div class="field">
          <p class="config-key">{key}</p>
          {value !== undefined && <pre tabIndex={0}>{draftOf(kind, value)}</pre>}
          <p class="hint">
            {hint} {field.schema.type === undefined ? '' : t('inText')}
          </p>
        </div>
      );
    case 'number':
    case 'text':
      return <TextField {...common} value={draft} disabled={isPinned} isCode onInput={set} />;
  }
}

const SOURCE_TEXT = { file: 'sourceFile', env: 'sourceEnv', flag: 'sourceFlag', default: 'sourceDefault' } as const;

export function FieldRow(props: RowProps) {
  const { field, view, edit, onEdit } = props;
  const source = view.sources[field.key] ?? (valueAt(view.config, field.path) === undefined ? 'default' : 'file');
  const isPinned = source === 'env' || source === 'flag';
  const pin = isPinned ? (view.pinned[field.key] ?? t(SOURCE_TEXT[source])) : undefined;
  const isOwn = isCustomised(field, view);
  const isInFile = valueAt(view.config, field.path) !== undefined;
  return (
    <li class={edit === undefined ? 'config-row' : 'config-row changed'}>
      <Control {...props} pin={pin} />
      <div class="config-side">
        {isOwn && !isPinned ? (
          <span class="chip good">{t('customised')}</span>
        ) : (
          <span class={isPinned ? 'chip' : 'muted'}>{pin ?? t(SOURCE_TEXT[source])}</span>
        )}
        {isOwn && field.schema.default !== undefined && field.kind !== 'other' && (
          <span class="muted">{t('defaultIs', { value: draftOf(field.kind, field.schema.default) || '—' })}</span>
        )}
        {isRebound(field.key) && <span class="muted">{t('effectRebind')}</span>}
        {isInFile && !isPinned && edit === undefined && (
          <Button
            kind="quiet"
            text={t(field.schema.type === undefined && field.kind === 'other' ? 'takeOut' : 'reset')}
            about={field.key}
            onClick={() => onEdit(field, null)}
          />
        )}
        {edit !== undefined && (
          <Button kind="quiet" icon="retry" text={t('revert')} about={field.key} onClick={() => onEdit(field, undefined)} />
        )}
      </div>
    </li>
  );
}
