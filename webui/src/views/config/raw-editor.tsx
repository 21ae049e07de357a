/** The file itself, comments and all. It is judged while it is typed; a fault says its line and column. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { ApiError } from '../../api/client.js';
import { useResource } from '../../api/use-resource.js';
import { Button } from '../../components/button.js';
import { ErrorBox, Spinner } from '../../components/feedback.js';
import { useCommands } from '../../shell/commands.js';
import { t as shell } from '../../shell/text.js';
import { type FileText, judgeText, type Problem, readText, writeText } from './config-api.js';
import { CodeArea } from './code-area.js';
import { DiffView } from './diff-view.js';
import { mergeTexts } from '../../../../shared/text/line-diff.js';
import { showSaved } from './saved.js';
import { t } from './text.js';

const TYPING_MS = 300;

function offsetOf(text: string, { line = 1, column = 1 }: Problem): number {
  const before = text.split('\n').slice(0, line - 1);
  return before.reduce((sum, { length }) => sum + length + 1, 0) + column - 1;
}

interface Judged {
  readonly problems: readonly Problem[];
  readonly set: (problems: readonly Problem[]) => void;
}

/** @param base  the file as it was read, with what was wrong with it then */
function useProblems(text: string, base: FileText): Judged {
  const [problems, set] = useState<readonly Problem[]>(base.problems);
  const isChanged = text !== base.text;
  useEffect(() => {
    if (!isChanged) {
      set(base.problems);
      return undefined;
    }
    const controller = new AbortController();
    const check = (): void => {
      judgeText(text, controller.signal).then(
        (outcome) => set(outcome.problems),
        () => undefined,
      );
    };
    const timer = setTimeout(check, TYPING_MS);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [text, isChanged, base]);
  return { problems, set };
}

function Problems({ problems, onShow }: { problems: readonly Problem[]; onShow: (problem: Problem) => void }) {
  return (
    <ul class="config-problems" aria-label={t('problems')} aria-live="polite">
      {problems.map((problem) => (
        <li key={`${problem.line}:${problem.column} ${problem.message}`}>
          <button type="button" onClick={() => onShow(problem)}>
            {problem.line ?? 1}:{problem.column ?? 1}
          </button>{' '}
          <span>
            <code>{problem.key}</code> {problem.message}
          </span>
        </li>
      ))}
    </ul>
  );
}

interface TextConflictProps {
  readonly base: FileText;
  readonly mine: string;
  readonly theirs: FileText;
  readonly onMerge: (text: string) => void;
  readonly onTake: () => void;
  readonly onKeep: () => void;
}

/** Three texts: as it was read, as it was typed here, and as the file is by now. */
function TextConflict({ base, mine, theirs, onMerge, onTake, onKeep }: TextConflictProps) {
  const merged = mergeTexts(base.text, mine, theirs.text);
  return (
    <div class="card text-conflict" role="alert">
      <h2>{t('conflict')}</h2>
      <p>{t('conflictText')}</p>
      <div class="three-way">
        <div>
          <h3>{t('theirsChanged')}</h3>
          <DiffView before={base.text} after={theirs.text} label={t('theirsChanged')} />
        </div>
        <div>
          <h3>{t('mineChanged')}</h3>
          <DiffView before={base.text} after={mine} label={t('mineChanged')} />
        </div>
      </div>
      <p class="hint">{merged === undefined ? t('cannotMerge') : t('textConflict')}</p>
      <div class="row">
        {merged !== undefined && (
          <Button kind="primary" onClick={() => onMerge(merged)}>
            {t('merge')}
          </Button>
        )}
        <Button onClick={onTake}>{t('takeTheirs')}</Button>
        <Button onClick={onKeep}>{t('saveMine')}</Button>
      </div>
    </div>
  );
}

function useText(file: FileText) {
  const [base, setBase] = useState(file);
  const [text, setText] = useState(file.text);
  const [theirs, setTheirs] = useState<FileText | undefined>(undefined);
  const [error, setError] = useState<unknown>(undefined);
  const isChanged = text !== base.text;
  const { problems, set } = useProblems(text, base);
  const take = (next: FileText): void => {
    setBase(next);
    setText(next.text);
    setTheirs(undefined);
  };
  const save = async (revision: string): Promise<void> => {
    setError(undefined);
    try {
      const outcome = await writeText(text, revision);
      set(outcome.problems);
      if (!outcome.written) return;
      take(await readText());
      const reload = (): void => void readText().then(take);
      await showSaved({ before: revision, after: outcome.revision, text: t('isSaved'), reload });
    } catch (failure) {
      if (failure instanceof ApiError && failure.status === 412) setTheirs(await readText());
      else setError(failure);
    }
  };
  const merge = (merged: string): void => {
    if (theirs !== undefined) take(theirs);
    setText(merged);
  };
  return { base, text, setText, theirs, error, isChanged, problems, take, merge, save };
}

function Editor({ file }: { file: FileText }) {
  const { base, text, setText, theirs, error, isChanged, problems, take, merge, save } = useText(file);
  const area = useRef<HTMLTextAreaElement>(null);
  const isReady = isChanged && problems.length === 0;
  const show = (problem: Problem): void => {
    const at = offsetOf(text, problem);
    area.current?.focus();
    area.current?.setSelectionRange(at, at + 1);
  };
  const saveText = (): void => void save(base.revision);
  useCommands([{ id: 'config-save', label: shell('save'), icon: 'check', run: () => isReady && saveText() }]);
  const onKeyDown = (event: KeyboardEvent): void => {
    if (!(event.ctrlKey || event.metaKey) || event.key !== 's') return;
    event.preventDefault();
    if (isReady) saveText();
  };
  return (
    <>
      <p class="hint">
        <code>{base.path}</code> · {t('textHint')}
      </p>
      {base.problems.length > 0 && <p class="config-warning">{t('isBroken')}</p>}
      <CodeArea
        area={area}
        label={t('text')}
        text={text}
        wrongLines={new Set(problems.map(({ line = 1 }) => line))}
        onInput={setText}
        onKeyDown={onKeyDown}
      />
      <Problems problems={problems} onShow={show} />
      {error !== undefined && <ErrorBox error={error} />}
      {theirs !== undefined && (
        <TextConflict
          {...{ base, theirs }}
          mine={text}
          onMerge={merge}
          onTake={() => take(theirs)}
          onKeep={() => void save(theirs.revision)}
        />
      )}
      {theirs === undefined && isChanged && <DiffView before={base.text} after={text} label={t('changes')} />}
      <div class="row">
        <Button kind="primary" disabled={!isReady} onClick={saveText}>
          {shell('save')}
        </Button>
        <Button disabled={!isChanged} onClick={() => setText(base.text)}>
          {t('discard')}
        </Button>
        <span class="muted">{t('live')}</span>
      </div>
    </>
  );
}

export function RawEditor() {
  const { value, error, reload } = useResource(readText, []);
  if (error !== undefined) return <ErrorBox error={error} retry={reload} />;
  return value === undefined ? <Spinner /> : <Editor key={value.revision} file={value} />;
}
