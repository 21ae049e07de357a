/** The look of the editor, made of the page's values. */
import { HighlightStyle, syntaxHighlighting } from '@codemirror/language';
import type { Extension } from '@codemirror/state';
import { EditorView } from '@codemirror/view';
import { tags } from '@lezer/highlight';

const theme = EditorView.theme({
  '&': { height: '100%', color: 'var(--text)', backgroundColor: 'var(--panel)', fontSize: 'var(--size-13)' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '1.6', overflow: 'auto' },
  '.cm-content': { padding: '8px 0', caretColor: 'var(--text)' },
  '.cm-gutters': { border: '0', backgroundColor: 'var(--panel)', color: 'var(--muted)' },
  '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'var(--hover)' },
  '.cm-activeLineGutter': { color: 'var(--text)' },
  '.cm-selectionMatch': { backgroundColor: 'var(--accent-soft)' },
  '.cm-searchMatch': { backgroundColor: 'var(--mark)', color: 'var(--mark-text)' },
  '.cm-searchMatch-selected': { outline: '2px solid var(--focus)' },
  '&.cm-focused .cm-matchingBracket': { backgroundColor: 'var(--pressed)' },
  '&.cm-focused .cm-nonmatchingBracket': { backgroundColor: 'var(--danger-soft)' },
  // The package draws both with images in the style sheet, which the page's policy refuses.
  '.cm-lintRange-error': { backgroundImage: 'none', textDecoration: 'underline wavy var(--danger-solid)', textDecorationSkipInk: 'none' },
  '.cm-lint-marker-error': {
    content: '""',
    width: '8px',
    height: '8px',
    margin: '6px 2px',
    borderRadius: '50%',
    backgroundColor: 'var(--danger-solid)',
  },
  '.cm-gutter-lint': { width: '14px' },
  '.cm-tooltip': {
    border: '1px solid var(--line)',
    borderRadius: 'var(--radius-6)',
    backgroundColor: 'var(--raised)',
    boxShadow: 'var(--shadow-2)',
  },
  '.cm-diagnostic-error': { borderLeft: '0', padding: '6px 10px', fontFamily: 'var(--sans)' },
  '.cm-panels': { backgroundColor: 'var(--panel)', color: 'var(--text)' },
  '.cm-panels-top': { borderBottom: '1px solid var(--line)' },
  '.cm-panel.cm-search': {
    display: 'flex',
    flexWrap: 'wrap',
    gap: '6px 8px',
    alignItems: 'center',
    padding: '8px 40px 8px 12px',
    fontFamily: 'var(--sans)',
  },
  '.cm-panel.cm-search br': { flexBasis: '100%', content: '""' },
  '.cm-panel.cm-search label': { display: 'inline-flex', alignItems: 'center', gap: '4px', fontSize: 'var(--size-13)' },
  '.cm-panel.cm-search :is(input, button, label)': { margin: '0' },
  '.cm-textfield': {
    minHeight: '30px',
    padding: '4px 8px',
    border: '1px solid var(--line-field)',
    borderRadius: 'var(--radius-6)',
    backgroundColor: 'var(--panel)',
    color: 'inherit',
    fontSize: 'var(--size-13)',
  },
  '.cm-textfield:focus': { outline: 'none', borderColor: 'var(--focus)', boxShadow: '0 0 0 1px var(--focus)' },
  '.cm-button': {
    minHeight: '30px',
    padding: '4px 10px',
    border: '1px solid var(--line-control)',
    borderRadius: 'var(--radius-6)',
    backgroundImage: 'none',
    backgroundColor: 'var(--panel)',
    color: 'inherit',
    fontSize: 'var(--size-13)',
    cursor: 'pointer',
  },
  '.cm-button:hover': { backgroundColor: 'var(--sunken)' },
  '.cm-button:active': { backgroundImage: 'none' },
  '.cm-panel.cm-search [name=close]': {
    top: '8px',
    right: '8px',
    width: '28px',
    height: '28px',
    padding: '0',
    border: '0',
    borderRadius: 'var(--radius-6)',
    color: 'var(--muted)',
    fontSize: 'var(--size-20)',
    cursor: 'pointer',
  },
});

const colours = HighlightStyle.define([
  { tag: tags.propertyName, color: 'var(--info)' },
  { tag: tags.string, color: 'var(--success)' },
  { tag: [tags.number, tags.bool], color: 'var(--accent)' },
  { tag: tags.comment, color: 'var(--muted)', fontStyle: 'italic' },
  { tag: tags.punctuation, color: 'var(--muted)' },
]);

export const look: Extension = [theme, syntaxHighlighting(colours)];
