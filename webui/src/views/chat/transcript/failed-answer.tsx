/** Why a turn has no answer: a row for each cause, with the models that failed of it. */
import { Markdown } from '../../../components/markdown/markdown.js';
import { whyText } from '../../../components/feedback/reason-text.js';
import type { StoredMessage } from '../model/chat-model.js';
import { t } from '../text.js';
import { triesOf } from './tries.js';

/** The others are folded. */
const SHOWN = 2;

interface Row {
  readonly cause: string;
  readonly models: readonly string[];
}

function rowsOf({ content: text, why: said }: StoredMessage): readonly Row[] {
  const models = new Map<string, string[]>();
  for (const { model, content, why } of triesOf({ content: text, why: said })) {
    const cause = whyText(content, why);
    models.set(cause, [...(models.get(cause) ?? []), model ?? t('firstModel')]);
  }
  return [...models].map(([cause, names]) => ({ cause, models: names }));
}

function Rows({ rows }: { rows: readonly Row[] }) {
  return (
    <ul class="tries">
      {rows.map(({ cause, models }) => (
        <li key={cause}>
          <strong>{models.join(', ')}</strong> · {cause}
        </li>
      ))}
    </ul>
  );
}

export function FailedAnswer({ message }: { message: StoredMessage }) {
  const { content, why } = message;
  const rows = rowsOf(message);
  const isOne = rows.length === 1 && rows[0]?.models.length === 1;
  if (isOne) return <Markdown text={whyText(content, why)} />;
  const rest = rows.slice(SHOWN);
  return (
    <>
      <Rows rows={rows.slice(0, SHOWN)} />
      {rest.length > 0 && (
        <details>
          <summary>{t('moreTries', { count: rest.flatMap(({ models }) => models).length })}</summary>
          <Rows rows={rest} />
        </details>
      )}
    </>
  );
}
