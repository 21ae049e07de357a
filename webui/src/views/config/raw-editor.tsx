/** The text of the file with its comments. It is validated while it is typed; a problem names its line and column. */
import { useRef, useState } from 'preact/hooks';
import type { ConfigText, ConfigTextOutcome } from '../../../../shared/api/gateway/config.js';
import { ApiError, call } from '../../api/client.js';
import { useResource } from '../../api/use-resource.js';
import { Button } from '../../components/button/button.js';
import { ErrorBox, Loaded } from '../../components/feedback/feedback.js';
import { useCommands } from '../../shell/commands.js';
import { t as shell } from '../../shell/text.js';
import { match, type Problem, readText } from './config-api.js';
import { CodeArea } from './code-area.js';
import { DiffView } from './diff-view.js';
import { mergeTexts } from '../../../../shared/text/line-diff.js';
import { Problems, useProblems } from './problems.js';
import { showSaved } from './saved.js';
import { t } from './text.js';

function offsetOf(text: string, { line = 1, column = 1 }: Problem): number {
  const before = text.split('\n').slice(0, line - 1);
  return before.reduce((sum, { length }) => sum + length + 1, 0) + column - 1;
}

interface TextConflictProps {
  readonly base: ConfigText;
  readonly mine: string;
  readonly theirs: ConfigText;
  readonly onMerge: (text: string) => void;
  readonly onTake: () => void;
  readonly onKeep: () => void;
}

/** Shows three texts: the one that was read, the one typed here, and the file as it is now. */
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
        {merged !== undefined && <Button kind="primary" text={t('merge')} onClick={() => onMerge(merged)} />}
        <Button text={t('takeTheirs')} onClick={onTake} />
        <Button text={t('saveMine')} onClick={onKeep} />
      </div>
    </div>
  );
}

function useText(file: ConfigText) {
  const [base, setBase] = useState(file);
  const [text, setText] = useState(file.text);
  const [theirs, setTheirs] = useState<ConfigText | undefined>(undefined);
  const [error, setError] = useState<unknown>(undefined);
  const isChanged = text !== base.text;
  const [problems, setProblems] = useProblems(text, isChanged ? undefined : base.problems);
  const take = (next: ConfigText): void => {
    setBase(next);
    setText(next.text);
    setTheirs(undefined);
  };
  const save = async (revision: string): Promise<void> => {
    setError(undefined);
    try {
      const outcome = await call<ConfigTextOutcome>('POST', '/api/config/text', { body: { text }, headers: match(revision) });
      setProblems(outcome.problems);
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

function Editor({ file }: { file: ConfigText }) {
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
        <Button kind="primary" disabled={!isReady} text={shell('save')} onClick={saveText} />
        <Button disabled={!isChanged} text={t('discard')} onClick={() => setText(base.text)} />
        <span class="muted">{t('live')}</span>
      </div>
    </>
  );
}

export function RawEditor() {
  return <Loaded of={useResource(readText, [])}>{(file) => <Editor key={file.revision} file={file} />}</Loaded>;
}
