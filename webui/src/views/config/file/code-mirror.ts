/** CodeMirror with what the file needs. The only user of its packages, beside the language and the look. */
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { bracketMatching, indentOnInput } from '@codemirror/language';
import { type Diagnostic, lintGutter, setDiagnostics } from '@codemirror/lint';
import { highlightSelectionMatches, openSearchPanel, search, searchKeymap } from '@codemirror/search';
import { EditorSelection, EditorState, type Text } from '@codemirror/state';
import { EditorView, highlightActiveLine, highlightActiveLineGutter, keymap, lineNumbers } from '@codemirror/view';
import type { Problem } from '../config-api.js';
import { reasonText } from '../../../components/feedback/reason-text.js';
import { t as shell } from '../../../shell/text.js';
import { t } from '../text.js';
import { look } from './editor-look.js';
import { jsoncLanguage } from './jsonc-language.js';

interface Options {
  readonly label: string;
  readonly text: string;
  readonly onInput: (text: string) => void;
}

export interface CodeMirror {
  /** Replaces the text, unless it is the same; that can be undone. */
  readonly setText: (text: string) => void;
  readonly setProblems: (problems: readonly Problem[]) => void;
  readonly show: (problem: Problem) => void;
  readonly find: () => void;
  readonly destroy: () => void;
}

export type CreateCodeMirror = typeof createCodeMirror;

/** Returns where the value or key at a problem's line and column starts and ends. */
function rangeOf(text: Text, { line = 1, column = 1 }: Problem): { readonly from: number; readonly to: number } {
  const { from: start, to: end, text: content } = text.line(Math.min(line, text.lines));
  const from = Math.min(start + column - 1, end);
  const length = /^(?:"(?:[^"\\]|\\.)*"|[^\s,:[\]{}]+)/.exec(content.slice(from - start))?.[0].length ?? 1;
  return { from, to: Math.min(from + length, end) };
}

/** The words of the search panel that are shown. */
const phrases = (): Record<string, string> => ({
  Find: t('find'),
  Replace: t('replaceBy'),
  next: t('next'),
  previous: t('previous'),
  all: t('selectAll'),
  'match case': t('matchCase'),
  'by word': t('byWord'),
  regexp: t('regexp'),
  replace: t('replace'),
  'replace all': t('replaceAll'),
  close: shell('close'),
});

/** @param host  an element without a shadow root: in one, the editor's styles are adopted, which the page's policy permits */
export function createCodeMirror(host: HTMLElement, { label, text, onInput }: Options): CodeMirror {
  const root = host.attachShadow({ mode: 'open' });
  const state = EditorState.create({
    doc: text,
    extensions: [
      lineNumbers(),
      lintGutter(),
      history(),
      indentOnInput(),
      bracketMatching(),
      highlightActiveLine(),
      highlightActiveLineGutter(),
      highlightSelectionMatches(),
      search({ top: true }),
      jsoncLanguage,
      look,
      EditorState.phrases.of(phrases()),
      EditorView.lineWrapping,
      EditorView.contentAttributes.of({ 'aria-label': label, spellcheck: 'false' }),
      EditorView.updateListener.of((update) => update.docChanged && onInput(update.state.doc.toString())),
      keymap.of([...searchKeymap, ...historyKeymap, ...defaultKeymap]),
    ],
  });
  const view = new EditorView({ state, root, parent: root });
  // Problems that appear below the editor make it smaller: the line being edited stays in sight.
  const resized = new ResizeObserver(() => {
    if (view.hasFocus) view.dispatch({ effects: EditorView.scrollIntoView(view.state.selection.main.head) });
  });
  resized.observe(host);
  return {
    setText(next) {
      if (next !== view.state.doc.toString()) view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: next } });
    },
    setProblems(problems) {
      const diagnostics = problems.map((problem): Diagnostic => ({
        ...rangeOf(view.state.doc, problem),
        severity: 'error',
        message: reasonText(problem),
      }));
      view.dispatch(setDiagnostics(view.state, diagnostics));
    },
    show(problem) {
      const { from, to } = rangeOf(view.state.doc, problem);
      view.dispatch({ selection: EditorSelection.single(from, to), scrollIntoView: true });
      view.focus();
    },
    find: () => void openSearchPanel(view),
    destroy() {
      resized.disconnect();
      view.destroy();
    },
  };
}
