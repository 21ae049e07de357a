/** Shows where a session matches the text of a search. */
import { Fragment } from 'preact';
import type { SessionMatch } from '../../../../shared/api/sessions.js';
import { plainText } from '../markdown/plain-text.js';

export function Match({ match: { snippet, highlights } }: { match: SessionMatch }) {
  const parts = highlights.map(({ start, end }, index) => (
    <Fragment key={start}>
      {plainText(snippet.slice(highlights[index - 1]?.end ?? 0, start))}
      <mark>{plainText(snippet.slice(start, end))}</mark>
    </Fragment>
  ));
  return (
    <>
      {parts}
      {plainText(snippet.slice(highlights.at(-1)?.end ?? 0))}
    </>
  );
}
