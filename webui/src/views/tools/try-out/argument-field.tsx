/** The control of one argument. */
import { SelectField, TextArea, TextField } from '../../../components/field/field.js';
import { t } from '../text.js';
import type { Fault, ToolField } from './schema-fields.js';

interface ArgumentFieldProps {
  readonly field: ToolField;
  readonly draft: string;
  readonly fault: Fault | undefined;
  readonly onInput: (draft: string) => void;
}

/** `"fast"` → `fast`. */
const labelOf = (choice: string): string => (choice.startsWith('"') ? (JSON.parse(choice) as string) : choice);

export function ArgumentField({ field, draft, fault, onInput }: ArgumentFieldProps) {
  const { name, kind, isRequired, description, choices } = field;
  const listed = kind === 'list' && choices.length > 0 ? t('oneOf', { values: choices.map(labelOf).join(', ') }) : '';
  const hints = [description ?? '', kind === 'list' ? t('onePerLine') : '', listed, kind === 'json' ? t('asJson') : ''].filter(Boolean);
  const common = {
    label: isRequired ? name : t('optional', { name }),
    hint: hints.length === 0 ? undefined : hints.join(' · '),
    error: fault === undefined ? undefined : t(`fault_${fault}`),
  };
  if (kind === 'choice') {
    const values = [
      ...(isRequired && draft !== '' ? [] : [{ value: '', label: t('notSet') }]),
      ...choices.map((value) => ({ value, label: labelOf(value) })),
    ];
    return <SelectField {...common} value={draft} choices={values} onChange={onInput} />;
  }
  if (kind === 'list' || kind === 'json') return <TextArea {...common} value={draft} onInput={onInput} rows={3} isCode />;
  if (kind === 'text' && draft.includes('\n')) return <TextArea {...common} value={draft} onInput={onInput} />;
  return <TextField {...common} value={draft} onInput={onInput} {...(kind === 'text' ? {} : { inputMode: 'decimal' as const })} />;
}
