/** The control of a setting, by the kind of its value. */
import { isSecretMask, showMask } from '../../../../../shared/config/secrets.js';
import { useState } from 'preact/hooks';
import { Button, IconButton } from '../../../components/button/button.js';
import { Select } from '../../../components/field/field.js';
import { Segmented } from '../../../components/segmented/segmented.js';
import { hashOf } from '../../../shell/router.js';
import { t as shell } from '../../../shell/text.js';
import { t } from '../text.js';
import { draftOf, type Field } from './schema-fields.js';
import { choiceLabel, labelOf } from './setting-text.js';

interface ControlProps {
  readonly id: string;
  readonly field: Field;
  readonly value: unknown;
  /** The text of the control. */
  readonly draft: string;
  readonly edit: string | null | undefined;
  readonly isPinned: boolean;
  readonly isWrong: boolean;
  readonly onEdit: (field: Field, edit: string | null | undefined) => void;
}

/** More are a select. */
const MAX_SEGMENTS = 3;

/** A switch without a default has a third state. */
function choicesOf({ schema, path }: Pick<Field, 'schema' | 'path'>): { value: string; label: string }[] {
  if (schema.type === 'boolean') {
    return [
      { value: '', label: t('notSet') },
      { value: 'true', label: t('yes') },
      { value: 'false', label: t('no') },
    ];
  }
  const names = (schema.anyOf?.find((part) => part.enum !== undefined) ?? schema).enum ?? [];
  return names.map((value) => ({ value, label: choiceLabel(path, value) }));
}

const isSegmented = (field: Field): boolean => field.kind === 'choice' && choicesOf(field).length <= MAX_SEGMENTS;

/** Returns whether the control is not one element that a label can point to. */
export function isGroup(field: Field, value: unknown, edit: string | null | undefined): boolean {
  return field.kind === 'other' || isSegmented(field) || (field.kind === 'secret' && isSecretMask(value) && edit === undefined);
}

/** A stored secret is never shown; it is replaced as a whole. */
function Secret({ field, value, edit, isPinned, onEdit, ...ties }: Omit<ControlProps, 'id' | 'draft' | 'isWrong'> & { id: string }) {
  const [isOpen, setOpen] = useState(false);
  const isMasked = isSecretMask(value) && edit === undefined && !isOpen;
  if (isMasked)
    return (
      <div class="config-secret">
        <span class="code">{showMask(value)}</span>
        <Button text={t('replace')} about={field.key} disabled={isPinned} onClick={() => setOpen(true)} />
      </div>
    );
  const cancel = (): void => {
    setOpen(false);
    onEdit(field, undefined);
  };
  return (
    <div class="config-secret">
      <input
        {...ties}
        type="password"
        autocomplete="off"
        aria-label={`${labelOf(field)} ${field.key}`}
        autofocus={isOpen}
        value={edit ?? ''}
        placeholder={t(isSecretMask(value) ? 'newValue' : 'notSet')}
        disabled={isPinned}
        onInput={({ currentTarget }) => onEdit(field, currentTarget.value === '' ? undefined : currentTarget.value)}
      />
      {isOpen && <IconButton icon="close" label={shell('cancel')} onClick={cancel} />}
    </div>
  );
}

/** A value that has no simple control is shown, and edited in the file. */
function Other({ value, kind }: { value: unknown; kind: Field['kind'] }) {
  return (
    <>
      {value !== undefined && <pre tabIndex={0}>{draftOf(kind, value)}</pre>}
      <a href={hashOf('config', ['text'])}>{t('inText')}</a>
    </>
  );
}

export function Control(props: ControlProps) {
  const { id, field, value, draft, isPinned, isWrong, onEdit } = props;
  const { kind } = field;
  const ties = { id, 'aria-invalid': isWrong, 'aria-describedby': isWrong ? `${id}-fault ${id}-hint` : `${id}-hint` };
  const set = (next: string): void => onEdit(field, next === draftOf(kind, value) ? undefined : next);
  const onInput = ({ currentTarget }: { currentTarget: { value: string } }): void => set(currentTarget.value);
  switch (kind) {
    case 'switch':
      return (
        <input
          {...ties}
          type="checkbox"
          role="switch"
          checked={draft === 'true'}
          disabled={isPinned}
          onChange={({ currentTarget }) => set(String(currentTarget.checked))}
        />
      );
    case 'choice':
      return isSegmented(field) && !isPinned ? (
        <Segmented label={`${labelOf(field)} ${field.key}`} value={draft} choices={choicesOf(field)} onChange={set} />
      ) : (
        <Select {...ties} value={draft} disabled={isPinned} onChange={set} choices={choicesOf(field)} />
      );
    case 'lines':
    case 'list':
      return (
        <textarea
          {...ties}
          class="code"
          value={draft}
          disabled={isPinned}
          rows={Math.min(6, Math.max(2, draft.split('\n').length))}
          spellcheck={false}
          placeholder={kind === 'lines' ? t('notSet') : undefined}
          onInput={onInput}
        />
      );
    case 'secret':
      return <Secret {...props} {...ties} />;
    case 'other':
      return <Other value={value} kind={kind} />;
    case 'number':
    case 'text':
      return (
        <input
          {...ties}
          inputMode={kind === 'number' ? 'numeric' : undefined}
          autocomplete="off"
          spellcheck={false}
          value={draft}
          placeholder={t('notSet')}
          disabled={isPinned}
          onInput={onInput}
        />
      );
  }
}
