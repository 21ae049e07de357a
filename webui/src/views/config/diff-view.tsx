/** The changed lines between two texts of the file. */
import { diffLines } from '../../../../shared/text/line-diff.js';
import { t } from './text.js';

const CONTEXT = 2;
const MARKS = { same: ' ', removed: '−', added: '+' } as const;

export function DiffView({ before, after, label }: { before: string; after: string; label: string }) {
  const lines = diffLines(before, after, CONTEXT);
  if (lines.length === 0) return <p class="hint">{t('noDifference')}</p>;
  return (
    <pre class="diff" tabIndex={0} role="region" aria-label={label}>
      {lines.map((line, index) => {
        if (line === undefined)
          return (
            <span key={index} class="diff-gap">
              {'⋯\n'}
            </span>
          );
        const text = `${MARKS[line.kind]} ${line.text}\n`;
        if (line.kind === 'same') return <span key={index}>{text}</span>;
        return line.kind === 'added' ? <ins key={index}>{text}</ins> : <del key={index}>{text}</del>;
      })}
    </pre>
  );
}
