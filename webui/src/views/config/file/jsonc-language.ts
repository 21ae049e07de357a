/** JSON with comments for CodeMirror: kinds of tokens for the colours, and the depth for the indentation. */
import { StreamLanguage, type StringStream } from '@codemirror/language';

interface State {
  isInComment: boolean;
  depth: number;
}

function token(stream: StringStream, state: State): string | null {
  if (state.isInComment) {
    state.isInComment = stream.match(/^.*?\*\//) === null;
    if (state.isInComment) stream.skipToEnd();
    return 'comment';
  }
  if (stream.eatSpace()) return null;
  if (stream.match('//')) {
    stream.skipToEnd();
    return 'comment';
  }
  if (stream.match('/*')) {
    state.isInComment = true;
    return 'comment';
  }
  if (stream.match(/^"(?:[^"\\]|\\.)*"?/)) return stream.match(/^\s*:/, false) ? 'propertyName' : 'string';
  if (stream.match(/^-?\d[\d.eE+-]*/)) return 'number';
  if (stream.match(/^(?:true|false|null)\b/)) return 'bool';
  const character = stream.next() ?? '';
  if ('{['.includes(character)) state.depth += 1;
  if ('}]'.includes(character)) state.depth = Math.max(0, state.depth - 1);
  return 'punctuation';
}

export const jsoncLanguage = StreamLanguage.define<State>({
  name: 'jsonc',
  startState: () => ({ isInComment: false, depth: 0 }),
  copyState: (state) => ({ ...state }),
  token,
  indent: ({ depth }, textAfter, { unit }) => Math.max(0, depth - (/^\s*[}\]]/.test(textAfter) ? 1 : 0)) * unit,
  languageData: { commentTokens: { line: '//', block: { open: '/*', close: '*/' } } },
});
