/** The file itself, comments and all. It is judged while it is typed; a fault says its line and column. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { z } from 'zod';
import type { configTextResponse, configTextWrittenResponse } from '../../../../shared/api/config.js';
import { ApiError, call } from '../../api/client.js';
import { useResource } from '../../api/use-resource.js';
import { Button } from '../../components/button.js';
import { ErrorBox, Spinner } from '../../components/feedback.js';
import { showToast } from '../../components/toast.js';
import { t as shell } from '../../shell/text.js';
import { t } from './text.js';

type FileText = z.output<ReturnType<typeof configTextResponse>>;
type Outcome = z.output<ReturnType<typeof configTextWrittenResponse>>;
type Problem = Outcome['problems'][number];

const TYPING_MS = 300;

const readText = (signal?: AbortSignal): Promise<FileText> => call('GET', '/api/config/text', signal === undefined ? {} : { signal });

function offsetOf(text: string, { line = 1, column = 1 }: Problem): number {
  const before = text.split('\n').slice(0, line - 1);
  return before.reduce((sum, { length }) => sum + length + 1, 0) + column - 1;
}

function useProblems(text: string, isChanged: boolean): { problems: readonly Problem[]; set: (problems: readonly Problem[]) => void } {
  const [problems, set] = useState<readonly Problem[]>([]);
  useEffect(() => {
    if (!isChanged) {
      set([]);
      return undefined;
    }
    const controller = new AbortController();
    const check = (): void => {
      call<Outcome>('POST', '/api/config/text', { body: { text, dryRun: true }, signal: controller.signal, isAction: false }).then(
        (outcome) => set(outcome.problems),
        () => undefined,
      );
    };
    const timer = setTimeout(check, TYPING_MS);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [text, isChanged]);
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

/** What was typed here beside what is in the file by now. */
function TextConflict({ theirs, onTake, onKeep }: { theirs: FileText; onTake: () => void; onKeep: () => void }) {
  return (
    <div class="card text-conflict" role="alert">
      <h2>{t('conflict')}</h2>
      <p>{t('textConflict')}</p>
      <pre tabIndex={0} aria-label={t('theirs')}>
        {theirs.text}
      </pre>
      <div class="row">
        <Button onClick={onTake}>{t('takeTheirs')}</Button>
        <Button kind="primary" onClick={onKeep}>
          {t('saveMine')}
        </Button>
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
  const { problems, set } = useProblems(text, isChanged);
  const take = (next: FileText): void => {
    setBase(next);
    setText(next.text);
    setTheirs(undefined);
  };
  const save = async (revision: string): Promise<void> => {
    setError(undefined);
    try {
      const outcome = await call<Outcome>('POST', '/api/config/text', { body: { text }, headers: { 'If-Match': `"${revision}"` } });
      set(outcome.problems);
      if (!outcome.written) return;
      take(await readText());
      showToast({ text: t('isSaved') });
    } catch (failure) {
      if (failure instanceof ApiError && failure.status === 412) setTheirs(await readText());
      else setError(failure);
    }
  };
  return { base, text, setText, theirs, error, isChanged, problems, take, save };
}

function Editor({ file }: { file: FileText }) {
  const { base, text, setText, theirs, error, isChanged, problems, take, save } = useText(file);
  const area = useRef<HTMLTextAreaElement>(null);
  const isReady = isChanged && problems.length === 0;
  const show = (problem: Problem): void => {
    const at = offsetOf(text, problem);
    area.current?.focus();
    area.current?.setSelectionRange(at, at + 1);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (!(event.ctrlKey || event.metaKey) || event.key !== 's') return;
    event.preventDefault();
    if (isReady) void save(base.revision);
  };
  return (
    <>
      <p class="hint">
        <code>{base.path}</code> · {t('textHint')}
      </p>
      <textarea
        ref={area}
        class="code config-text"
        aria-label={t('text')}
        aria-invalid={problems.length > 0}
        spellcheck={false}
        value={text}
        rows={Math.min(32, Math.max(14, text.split('\n').length + 1))}
        onInput={(event) => setText(event.currentTarget.value)}
        onKeyDown={onKeyDown}
      />
      <Problems problems={problems} onShow={show} />
      {error !== undefined && <ErrorBox error={error} />}
      {theirs !== undefined && <TextConflict theirs={theirs} onTake={() => take(theirs)} onKeep={() => void save(theirs.revision)} />}
      <div class="row">
        <Button kind="primary" disabled={!isReady} onClick={() => void save(base.revision)}>
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
