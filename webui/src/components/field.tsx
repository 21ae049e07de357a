/** Form fields: the words above, the help and the fault below, tied to the control for whoever does not see them. */
import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

export interface FieldProps {
  readonly label: string;
  readonly hint?: ComponentChildren;
  readonly error?: string | undefined;
}

function Frame({ id, label, hint, error, children }: FieldProps & { id: string; children: ComponentChildren }) {
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children}
      {hint !== undefined && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {error !== undefined && (
        <p class="fault" id={`${id}-fault`} role="alert">
          {error}
        </p>
      )}
    </div>
  );
}

function ties(id: string, { hint, error }: FieldProps) {
  const described = [hint === undefined ? '' : `${id}-hint`, error === undefined ? '' : `${id}-fault`].filter(Boolean).join(' ');
  return { id, 'aria-invalid': error !== undefined, ...(described === '' ? {} : { 'aria-describedby': described }) };
}

interface TextProps extends FieldProps {
  readonly value: string;
  readonly onInput: (value: string) => void;
  readonly type?: 'text' | 'password';
  readonly placeholder?: string;
  readonly autoFocus?: boolean;
  readonly autocomplete?: 'off' | 'on';
  readonly spellcheck?: boolean;
  readonly required?: boolean;
  readonly disabled?: boolean;
  /** The id of a datalist. */
  readonly list?: string;
}

export function TextField(props: TextProps) {
  const { label: _label, hint: _hint, error: _error, onInput, ...rest } = props;
  const id = useId();
  return (
    <Frame {...props} id={id}>
      <input {...ties(id, props)} {...(rest as object)} onInput={(event) => onInput(event.currentTarget.value)} />
    </Frame>
  );
}

export function TextArea(props: FieldProps & { value: string; onInput: (value: string) => void; rows?: number; isCode?: boolean }) {
  const { value, onInput, rows = 4, isCode = false } = props;
  const id = useId();
  return (
    <Frame {...props} id={id}>
      <textarea
        {...ties(id, props)}
        class={isCode ? 'code' : ''}
        rows={rows}
        value={value}
        spellcheck={!isCode}
        onInput={(event) => onInput(event.currentTarget.value)}
      />
    </Frame>
  );
}

export interface Choice {
  readonly value: string;
  readonly label: string;
}

export function SelectField(
  props: FieldProps & { value: string; choices: readonly Choice[]; onChange: (value: string) => void; disabled?: boolean },
) {
  const id = useId();
  return (
    <Frame {...props} id={id}>
      <select
        {...ties(id, props)}
        value={props.value}
        disabled={props.disabled}
        onChange={(event) => props.onChange(event.currentTarget.value)}
      >
        {props.choices.map(({ value, label }) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </select>
    </Frame>
  );
}

export function CheckField({
  label,
  hint,
  isChecked,
  onChange,
}: FieldProps & { isChecked: boolean; onChange: (isChecked: boolean) => void }) {
  const id = useId();
  return (
    <div class="field check">
      <input
        id={id}
        type="checkbox"
        checked={isChecked}
        aria-describedby={hint === undefined ? undefined : `${id}-hint`}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
      <label for={id}>{label}</label>
      {hint !== undefined && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}
