/** One choice of a few, all in view: radio buttons that look like a strip. */
import { useId } from 'preact/hooks';
import './segmented.css';

interface SegmentedProps<Value extends string> {
  /** Of the group, for screen readers. */
  readonly label: string;
  readonly value: Value;
  readonly choices: readonly {
    readonly value: Value;
    readonly label: string;
    readonly note?: string | undefined;
    readonly hint?: string;
  }[];
  readonly onChange: (value: Value) => void;
  /** On narrow screens it is as wide as there is room. */
  readonly isWideWhenNarrow?: boolean;
}

export function Segmented<Value extends string>({ label, value, choices, onChange, isWideWhenNarrow = false }: SegmentedProps<Value>) {
  const name = useId();
  return (
    <div class={isWideWhenNarrow ? 'segmented wide' : 'segmented'} role="radiogroup" aria-label={label}>
      {choices.map((choice) => (
        <label key={choice.value} title={choice.hint}>
          <input type="radio" name={name} checked={choice.value === value} onChange={() => onChange(choice.value)} />
          <span>
            {choice.label}
            {choice.note !== undefined && <small class="number"> {choice.note}</small>}
          </span>
        </label>
      ))}
    </div>
  );
}
