/** The input of a call, so that a person can judge it: a line for each field, long texts and lists as code. */
import { CodeBlock } from '../../../components/code-block/code-block.js';
import { Fact, Facts } from '../../../components/facts/facts.js';
import { isFields } from '../../../../../shared/fields.js';
import { escapeHidden } from '../../../../../shared/log/escape.js';

/** Longer text, and text with several lines, is code. */
const SHORT = 120;
/** An input with more fields is shown as JSON. */
const MAX_FIELDS = 30;

const isShort = (text: string): boolean => text.length <= SHORT && !text.includes('\n');

/** Text stays as it was written, as far as it can be seen; everything else is JSON. */
const codeOf = (value: unknown): string => escapeHidden(typeof value === 'string' ? value : JSON.stringify(value, undefined, 2));

function Value({ value }: { value: unknown }) {
  const text = codeOf(value);
  return isShort(text) ? <span dir="auto">{text}</span> : <CodeBlock text={text} />;
}

export function ToolInput({ input }: { input: unknown }) {
  if (!isFields(input) || Object.keys(input).length > MAX_FIELDS) return <CodeBlock text={codeOf(input)} />;
  const fields = Object.entries(input);
  if (fields.length === 0) return null;
  return (
    <Facts>
      {fields.map(([name, value]) => (
        <Fact key={name} name={escapeHidden(name)}>
          <Value value={value} />
        </Fact>
      ))}
    </Facts>
  );
}
