/** Form fields: a label above the control, a hint and an error below it, tied to it for screen readers. */
import type { ComponentChildren, Ref } from 'preact';
import { useId, useRef } from 'preact/hooks';
import './field.css';

interface FieldProps {
  readonly label: string;
  readonly hint?: ComponentChildren | undefined;
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
  readonly type?: 'text' | 'password' | 'date' | 'time';
  /** The keyboard of phones. */
  readonly inputMode?: 'numeric' | 'decimal';
  readonly placeholder?: string;
  readonly autoFocus?: boolean;
  /** For names, addresses and secrets: the browser checks no spelling. */
  readonly isCode?: boolean;
  readonly required?: boolean;
  readonly disabled?: boolean;
  /** The id of a datalist. */
  readonly list?: string;
}

export function TextField(props: TextProps) {
  const { label: _label, hint: _hint, error: _error, isCode = false, onInput, ...rest } = props;
  const id = useId();
  return (
    <Frame {...props} id={id}>
      <input
        {...ties(id, props)}
        {...(rest as object)}
        autocomplete="off"
        spellcheck={isCode ? false : undefined}
        onInput={(event) => onInput(event.currentTarget.value)}
      />
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

interface SelectProps<Value extends string> {
  readonly value: Value;
  /** Values with their labels, or values that are their own labels. */
  readonly choices: readonly (Value | { readonly value: Value; readonly label: string })[];
  readonly onChange: (value: Value) => void;
  readonly disabled?: boolean | undefined;
}

type Ties = Partial<ReturnType<typeof ties>> & { readonly class?: string; readonly 'aria-label'?: string };

/** A select without a visible label; other attributes are passed on. */
export function Select<Value extends string>({ choices, onChange, ...rest }: SelectProps<Value> & Ties) {
  return (
    <select {...rest} onChange={(event) => onChange(event.currentTarget.value as Value)}>
      {choices.map((choice) => {
        const { value, label } = typeof choice === 'string' ? { value: choice, label: choice } : choice;
        return (
          <option key={value} value={value}>
            {label}
          </option>
        );
      })}
    </select>
  );
}

export function SelectField<Value extends string>(props: SelectProps<Value> & FieldProps) {
  const { value, choices, onChange, disabled } = props;
  const id = useId();
  return (
    <Frame {...props} id={id}>
      <Select {...ties(id, props)} {...{ value, choices, onChange, disabled }} />
    </Frame>
  );
}

interface CheckProps extends FieldProps {
  readonly isChecked: boolean;
  readonly onChange: (isChecked: boolean) => void;
  readonly disabled?: boolean;
}

export function CheckField({ label, hint, isChecked, onChange, disabled = false }: CheckProps) {
  const id = useId();
  return (
    <div class="field check">
      <input
        id={id}
        type="checkbox"
        checked={isChecked}
        disabled={disabled}
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

interface SearchProps {
  readonly label: string;
  readonly value: string;
  readonly onInput: (value: string) => void;
  readonly class?: string;
  readonly field?: Ref<HTMLInputElement>;
  readonly autoFocus?: boolean;
}

/** A search field without a visible label. */
export function SearchField({ label, value, onInput, class: name, field, autoFocus = false }: SearchProps) {
  const onChange = (event: { currentTarget: HTMLInputElement }): void => onInput(event.currentTarget.value);
  return (
    <input
      {...(field === undefined ? {} : { ref: field })}
      type="search"
      class={name}
      aria-label={label}
      placeholder={label}
      value={value}
      autoFocus={autoFocus}
      onInput={onChange}
    />
  );
}

/** On or off at once, without a Save. What it switches is beside it; its label is for screen readers. */
export function Switch({ label, isChecked, onChange, disabled = false }: CheckProps) {
  return (
    <input
      type="checkbox"
      role="switch"
      disabled={disabled}
      checked={isChecked}
      aria-label={label}
      onChange={(event) => onChange(event.currentTarget.checked)}
    />
  );
}

interface FileInputProps {
  /** File types as in the `accept` attribute. */
  readonly accept: string;
  readonly onFiles: (files: readonly File[]) => void;
  /** Renders the button that opens the file chooser. */
  readonly children: (open: () => void) => ComponentChildren;
  readonly isMultiple?: boolean;
}

/** A hidden file input and the button that opens it. */
export function FileInput({ accept, onFiles, children, isMultiple = false }: FileInputProps) {
  const input = useRef<HTMLInputElement>(null);
  const onChange = (event: { currentTarget: HTMLInputElement }): void => {
    onFiles([...(event.currentTarget.files ?? [])]);
    // Lets the same file be chosen again.
    event.currentTarget.value = '';
  };
  const hidden = { class: 'off-screen', tabIndex: -1, 'aria-hidden': 'true' } as const;
  return (
    <>
      <input ref={input} type="file" multiple={isMultiple} accept={accept} {...hidden} onChange={onChange} />
      {children(() => input.current?.click())}
    </>
  );
}
