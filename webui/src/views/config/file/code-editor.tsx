/** The editor of the file. CodeMirror is loaded when it is first shown. */
import type { RefObject } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { ErrorBox } from '../../../components/feedback/feedback.js';
import { Skeleton } from '../../../components/skeleton/skeleton.js';
import { language } from '../../../i18n/language.js';
import type { Problem } from '../config-api.js';
import type { CodeMirror, CreateCodeMirror } from './code-mirror.js';

export interface EditorHandle {
  /** Selects the place of a problem. */
  readonly show: (problem: Problem) => void;
  /** Opens the search panel. */
  readonly find: () => void;
}

interface CodeEditorProps {
  readonly label: string;
  readonly text: string;
  readonly problems: readonly Problem[];
  readonly onInput: (text: string) => void;
  readonly handle: RefObject<EditorHandle | null>;
}

export function CodeEditor({ label, text, problems, onInput, handle }: CodeEditorProps) {
  const host = useRef<HTMLDivElement>(null);
  const [editor, setEditor] = useState<CodeMirror | undefined>(undefined);
  const [error, setError] = useState<unknown>(undefined);
  const [round, setRound] = useState(0);
  const latest = useRef({ text, onInput });
  latest.current = { text, onInput };
  useEffect(() => {
    let made: CodeMirror | undefined;
    let isWanted = true;
    const create = ({ createCodeMirror }: { readonly createCodeMirror: CreateCodeMirror }): void => {
      if (!isWanted || host.current === null) return;
      made = createCodeMirror(host.current, { label, text: latest.current.text, onInput: (next) => latest.current.onInput(next) });
      setEditor(made);
    };
    import('./code-mirror.js').then(create, (failure: unknown) => isWanted && setError(failure));
    return () => {
      isWanted = false;
      made?.destroy();
      setEditor(undefined);
    };
  }, [label, language.value, round]);
  // With the rendering: later, the user may have typed on, and an older text would replace that.
  useLayoutEffect(() => editor?.setText(text), [editor, text]);
  useEffect(() => editor?.setProblems(problems), [editor, problems]);
  useEffect(() => {
    handle.current = editor === undefined ? null : { show: editor.show, find: editor.find };
  }, [editor]);
  const retry = (): void => {
    setError(undefined);
    setRound((number) => number + 1);
  };
  return (
    <>
      {error !== undefined && <ErrorBox error={error} retry={retry} />}
      {editor === undefined && error === undefined && <Skeleton lines={9} />}
      {/* A new element for each editor: a shadow root cannot be attached twice. */}
      <div key={`${language.value} ${round}`} class="code-editor" ref={host} hidden={editor === undefined} />
    </>
  );
}
