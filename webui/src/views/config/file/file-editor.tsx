/** The text of the file with its comments. It is validated while it is typed; a problem names its line and column. */
import { signal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import type { ConfigText } from '../../../../../shared/api/gateway/config.js';
import { diffLines } from '../../../../../shared/text/line-diff.js';
import { useLiveReload } from '../../../api/live-reload.js';
import { Button } from '../../../components/button/button.js';
import { Loaded } from '../../../components/feedback/feedback.js';
import { readText } from '../config-api.js';
import { Problems } from '../problems.js';
import { SaveBar } from '../save-bar.js';
import { t } from '../text.js';
import { useKept } from '../use-kept.js';
import { CodeEditor, type EditorHandle } from './code-editor.js';
import { TextConflict } from './text-conflict.js';
import { useText } from './use-text.js';

const last = signal<ConfigText | undefined>(undefined);

const countChanges = (before: string, after: string): number =>
  diffLines(before, after).filter((line) => line?.kind === 'added' || line?.kind === 'removed').length;

function Editor({ file, show }: { file: ConfigText; show: (file: ConfigText) => void }) {
  const { base, text, setText, theirs, error, isChanged, isChecked, unchecked, problems, discard, merge, save, saveOver } = useText(
    file,
    show,
  );
  const editor = useRef<EditorHandle | null>(null);
  const first = problems[0];
  return (
    <>
      <div class="config-body config-file">
        <div class="config-file-head">
          <p>
            <code>{file.path}</code> <span class="hint">{t('textHint')}</span>
          </p>
          <Button kind="quiet" icon="search" text={t('find')} onClick={() => editor.current?.find()} />
        </div>
        {file.problems.length > 0 && <p class="callout warning">{t('isBroken')}</p>}
        {theirs !== undefined && (
          <TextConflict base={base.text} mine={text} theirs={theirs.text} onMerge={merge} onTake={discard} onKeep={saveOver} />
        )}
        <CodeEditor label={t('text')} text={text} problems={problems} onInput={setText} handle={editor} />
        {problems.length > 0 && <Problems problems={problems} onShow={(problem) => editor.current?.show(problem)} />}
      </div>
      {isChanged && (
        <SaveBar
          title={t('unsavedLines', { count: countChanges(base.text, text) })}
          faults={problems.length}
          diff={{ before: base.text, after: text }}
          {...{ error, unchecked }}
          isReady={isChecked && problems.length === 0 && theirs === undefined}
          onFaults={() => first !== undefined && editor.current?.show(first)}
          onSave={save}
          onDiscard={discard}
        />
      )}
    </>
  );
}

export function FileEditor() {
  const kept = useKept(last, readText);
  useLiveReload(['config'], kept.refresh);
  return (
    <>
      <div class="config-state">
        <Loaded of={kept} lines={9} />
      </div>
      {kept.value !== undefined && <Editor file={kept.value} show={kept.set} />}
    </>
  );
}
