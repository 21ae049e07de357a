/** Problems that the gateway finds in a text of the file while it is edited. */
import { useState } from 'preact/hooks';
import { connection } from '../../api/socket.js';
import { useDelayed } from '../../api/use-resource.js';
import { checkText, type Problem } from './config-api.js';
import { reasonText } from '../../components/feedback/reason-text.js';
import { t } from './text.js';

const TYPING_MS = 300;

/**
 * Validates a text once it has not changed for a moment, and again when the gateway is back.
 * @param known  its problems, where they are known already
 * @returns `isChecked`: the problems are those of this text, not of an earlier one
 */
export function useProblems(text: string | undefined, known?: readonly Problem[]) {
  const [found, setFound] = useState<{ readonly text?: string; readonly problems: readonly Problem[] }>({ problems: [] });
  const isOnline = connection.value.kind === 'online';
  const check = (signal: AbortSignal): void => {
    if (text === undefined) return;
    checkText(text, signal).then(
      ({ problems }) => setFound({ text, problems }),
      () => undefined,
    );
  };
  useDelayed(TYPING_MS, known === undefined && text !== undefined ? check : undefined, [text, known, isOnline]);
  return {
    problems: text === undefined ? [] : (known ?? found.problems),
    isChecked: known !== undefined || (text !== undefined && found.text === text),
    setProblems: (problems: readonly Problem[]) => text !== undefined && setFound({ text, problems }),
  };
}

interface ProblemsProps {
  readonly problems: readonly Problem[];
  readonly onShow: (problem: Problem) => void;
}

/** The problems as a list; each goes to its place in the text. */
export function Problems({ problems, onShow }: ProblemsProps) {
  return (
    <ul class="config-problems" aria-label={t('problems')} aria-live="polite">
      {problems.map((problem) => {
        const { line = 1, column = 1, key, message } = problem;
        const place = `${line}:${column}`;
        return (
          <li key={`${place} ${message}`}>
            <button type="button" class="button quiet" onClick={() => onShow(problem)}>
              {place}
            </button>
            <span>
              {key !== undefined && <code>{key}</code>} {reasonText(problem)}
            </span>
          </li>
        );
      })}
    </ul>
  );
}
