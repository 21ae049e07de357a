/** One setting: its name, key and purpose, its control, and ways back to the value of the file and to the default. */
import type { ConfigView } from '../../../../../shared/api/gateway/config.js';
import { useId } from 'preact/hooks';
import { Button } from '../../../components/button/button.js';
import { Icon } from '../../../components/icon/icon.js';
import { bytesText, durationText } from '../../../components/time-text/time-text.js';
import { valueAt } from '../../../../../shared/config/key-path.js';
import { language } from '../../../i18n/language.js';
import { t as shell } from '../../../shell/text.js';
import { t } from '../text.js';
import { Control, isGroup } from './control.js';
import { draftOf, type Field, isCustomised, isRebound, shownValue } from './schema-fields.js';
import { choiceLabel, descriptionOf, labelOf } from './setting-text.js';

export interface RowProps {
  readonly field: Field;
  readonly view: ConfigView;
  /** The edited text; undefined: not edited; null: reset to the default. */
  readonly edit: string | null | undefined;
  readonly fault: string | undefined;
  readonly onEdit: (field: Field, edit: string | null | undefined) => void;
}

/** Returns a number of bytes or milliseconds in larger units. */
function readable({ key }: Field, draft: string): string | undefined {
  const value = Number(draft);
  if (draft === '' || !Number.isFinite(value) || value < 1_000) return undefined;
  if (key.endsWith('Bytes')) return bytesText(value);
  return key.endsWith('Ms') ? durationText(value) : undefined;
}

/** Returns the permitted values, and the value in larger units. */
function noteOf(field: Field, draft: string): string {
  const { kind, schema } = field;
  if (kind === 'list') return t('onePerLine');
  if (kind !== 'number') return '';
  const limits = schema.anyOf?.find(({ type }) => type !== 'null') ?? schema;
  const range =
    limits.minimum === undefined || limits.maximum === undefined ? undefined : t('between', { from: limits.minimum, to: limits.maximum });
  return [readable(field, draft), range].filter(Boolean).join(' · ');
}

function defaultText({ kind, schema, path }: Field): string {
  if (kind === 'switch') return t(schema.default === true ? 'on' : 'off');
  if (kind === 'choice' && typeof schema.default === 'string') return choiceLabel(path, schema.default);
  // A port is an identifier, not a quantity.
  if (typeof schema.default === 'number' && path.at(-1) !== 'port') return schema.default.toLocaleString(language.value);
  return draftOf(kind, schema.default).replaceAll('\n', ', ') || '—';
}

function Ways({ field, view, edit, onEdit, isPinned }: RowProps & { isPinned: boolean }) {
  const { key, kind, schema, path } = field;
  const isInFile = valueAt(view.config, path) !== undefined;
  const isUnknown = kind === 'other' && Object.keys(schema).length === 0;
  const hasDefault = schema.default !== undefined && kind !== 'other' && isCustomised(field, view);
  const canReset = isInFile && !isPinned && edit === undefined && (isUnknown || isCustomised(field, view));
  if (edit === undefined && !canReset && !hasDefault) return null;
  return (
    <p class="config-ways">
      {hasDefault && <span class="muted">{t('defaultIs', { value: defaultText(field) })}</span>}
      {canReset && <Button kind="quiet" text={t(isUnknown ? 'takeOut' : 'reset')} about={key} onClick={() => onEdit(field, null)} />}
      {edit !== undefined && <Button kind="quiet" icon="undo" text={shell('undo')} about={key} onClick={() => onEdit(field, undefined)} />}
    </p>
  );
}

/** A long key is broken after its dots. */
const inParts = (key: string) => key.split('.').map((part, index) => (index === 0 ? part : [<wbr key={index} />, `.${part}`]));

export function FieldRow(props: RowProps) {
  const { field, view, edit, fault, onEdit } = props;
  const id = useId();
  const pin = view.pinned[field.key];
  const value = shownValue(field, view);
  const draft = edit === null ? draftOf(field.kind, field.schema.default) : (edit ?? draftOf(field.kind, value));
  const note = pin === undefined && fault === undefined ? noteOf(field, draft) : '';
  const name = (
    <>
      {labelOf(field)} <code>{inParts(field.key)}</code>
    </>
  );
  return (
    <li class={`config-row ${field.kind}${edit === undefined ? '' : ' changed'}`}>
      <div class="config-about">
        {isGroup(field, value, edit) ? (
          <p class="config-name">{name}</p>
        ) : (
          <label class="config-name" for={id}>
            {name}
          </label>
        )}
        <p class="hint" id={`${id}-hint`}>
          {descriptionOf(field)}
          {isRebound(field.key) && pin === undefined && [<br key="line" />, t('effectRebind')]}
        </p>
        {pin !== undefined && (
          <p class="hint config-pin">
            <Icon name="lock" size={14} />
            {t('pinned', { name: pin })}
          </p>
        )}
        <Ways {...props} isPinned={pin !== undefined} />
      </div>
      <div class="config-control">
        <Control {...{ id, field, value, draft, edit, onEdit }} isPinned={pin !== undefined} isWrong={fault !== undefined} />
        {fault !== undefined && (
          <p class="fault" id={`${id}-fault`} role="alert">
            {fault}
          </p>
        )}
        {note !== '' && <p class="hint number">{note}</p>}
      </div>
    </li>
  );
}
