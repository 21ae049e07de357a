/** Shows why a turn has no answer: a row for each cause, with the models that failed for it, and the next actions. Loaded after the page. */
import { copyText } from '../../../browser/copy.js';
import { Button } from '../../../components/button/button.js';
import { codeText } from '../../../components/feedback/error-words.js';
import { Markdown } from '../../../components/markdown/markdown.js';
import { hashOf, navigate } from '../../../shell/router.js';
import { whyText } from '../../../components/feedback/reason-text.js';
import type { StoredMessage } from '../model/chat-model.js';
import en from '../../../i18n/en/chat/failure.json';
import { defineText } from '../../../i18n/language.js';
import zh from '../../../i18n/zh/chat/failure.json';
import { t as shell } from '../../../shell/text.js';
import { triesOf } from './tries.js';

const t = defineText(en, zh);

/** Rows that are always shown; the others are collapsed. */
const SHOWN = 2;

interface FailedProps {
  readonly message: StoredMessage;
  readonly canChange: boolean;
  readonly isLastAnswer: boolean;
  readonly regenerate: () => void;
}

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
    <>
      {rows.map(({ cause, models }) => (
        <p key={cause}>
          <strong>{models.join(', ')}</strong> · {cause}
        </p>
      ))}
    </>
  );
}

/** Errors that a change of models may resolve. */
const OF_MODELS: readonly (string | undefined)[] = ['AGENT_ERROR', 'MODEL_NOT_FOUND'];

/** The actions on a failed answer; its text names the cause and the next step. */
function ErrorActions({ message, isLastAnswer, canChange, regenerate }: FailedProps) {
  const { content, createdAt, turn } = message;
  const report = [content, createdAt, ...(turn === undefined ? [] : [turn.id])].join('\n');
  return (
    <div class="error-actions">
      {canChange && isLastAnswer && <Button icon="retry" text={t('regenerate')} onClick={regenerate} />}
      {OF_MODELS.includes(turn?.errorCode) && <Button icon="models" text={t('openModels')} onClick={() => navigate(hashOf('models'))} />}
      <Button icon="copy" text={t('copyError')} onClick={() => void copyText(report)} />
      {turn !== undefined && (
        <Button icon="logs" text={shell('logs')} onClick={() => navigate(hashOf('logs', [], { q: `turnId:${turn.id}` }))} />
      )}
    </div>
  );
}

/** What failed, in the page's language; the text below it has the details. */
function ErrorHead({ code }: { code: string | undefined }) {
  const text = code === undefined ? undefined : codeText(code);
  return text === undefined ? null : (
    <p>
      <strong>{text}</strong>
    </p>
  );
}

function Causes({ message }: { message: StoredMessage }) {
  const { content, why } = message;
  if (why?.code !== 'with-fallback') return <Markdown text={whyText(content, why)} />;
  const rows = rowsOf(message);
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

export function FailedAnswer(props: FailedProps) {
  return (
    <>
      <ErrorHead code={props.message.turn?.errorCode} />
      <Causes message={props.message} />
      <ErrorActions {...props} />
    </>
  );
}
