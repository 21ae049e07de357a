/** What is about to be written, as lines of the file, judged before it is; and the button that writes it. */
import { useEffect, useState } from 'preact/hooks';
import { useResource } from '../../api/use-resource.js';
import { Button } from '../../components/button.js';
import { CopyAs } from '../../components/copy-as.js';
import { ErrorBox } from '../../components/feedback.js';
import { t as shell } from '../../shell/text.js';
import { judgeText, type Problem, readText } from './config-api.js';
import { DiffView } from './diff-view.js';
import { isRebound } from './schema-fields.js';
import { t } from './text.js';
import { callOf, editedText, type Edits } from './use-edits.js';

const TYPING_MS = 300;

/** What the gateway would say of the file with the edits in it. */
function useJudgement(text: string | undefined): readonly Problem[] {
  const [problems, setProblems] = useState<readonly Problem[]>([]);
  useEffect(() => {
    if (text === undefined) return undefined;
    const controller = new AbortController();
    const judge = (): void => {
      judgeText(text, controller.signal).then(
        (outcome) => setProblems(outcome.problems),
        () => undefined,
      );
    };
    const timer = setTimeout(judge, TYPING_MS);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [text]);
  return problems;
}

export interface PendingProps {
  readonly edits: Edits;
  /** Of the file that the form shows. */
  readonly revision: string;
  readonly error: unknown;
  readonly onSave: () => void;
  readonly onDiscard: () => void;
}

export function Pending({ edits, revision, error, onSave, onDiscard }: PendingProps) {
  const { value: file } = useResource(readText, [revision]);
  const problems = useJudgement(file === undefined ? undefined : editedText(file.text, edits, false));
  const moved = [...edits.keys()].filter(isRebound);
  const title = t('unsaved', { count: edits.size });
  return (
    <div class="config-save card" role="region" aria-label={title}>
      <p>{title}</p>
      {file !== undefined && <DiffView before={file.text} after={editedText(file.text, edits, true)} label={t('changes')} />}
      {problems.length > 0 && (
        <ul class="config-problems" aria-label={t('problems')} aria-live="polite">
          {problems.map(({ line, column, key, message }) => (
            <li key={`${line}:${column} ${message}`}>
              {line}:{column} <code>{key}</code> {message}
            </li>
          ))}
        </ul>
      )}
      {error !== undefined && <ErrorBox error={error} />}
      <div class="row">
        <Button kind="primary" onClick={onSave}>
          {shell('save')}
        </Button>
        <Button onClick={onDiscard}>{t('discard')}</Button>
        <CopyAs call={() => callOf(edits)} />
        <span class="muted">{moved.length === 0 ? t('live') : t('rebind', { keys: moved.join(', ') })}</span>
      </div>
    </div>
  );
}
