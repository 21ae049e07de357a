/** Problems that the gateway finds in a text of the file while it is edited. */
import { useState } from 'preact/hooks';
import { useDelayed } from '../../api/use-resource.js';
import { checkText, type Problem } from './config-api.js';
import { t } from './text.js';

const TYPING_MS = 300;

/** Validates a text once it has not changed for a moment. @param known  its problems, where they are known already */
export function useProblems(text: string | undefined, known?: readonly Problem[]) {
  const [problems, setProblems] = useState<readonly Problem[]>(known ?? []);
  const check = (signal: AbortSignal): void => {
    if (text === undefined) return;
    checkText(text, signal).then(
      (outcome) => setProblems(outcome.problems),
      () => undefined,
    );
  };
  useDelayed(TYPING_MS, known === undefined && text !== undefined ? check : undefined, [text, known]);
  return [known ?? problems, setProblems] as const;
}

interface ProblemsProps {
  readonly problems: readonly Problem[];
  /** Makes each position a button. */
  readonly onShow?: (problem: Problem) => void;
}

export function Problems({ problems, onShow }: ProblemsProps) {
  return (
    <ul class="config-problems" aria-label={t('problems')} aria-live="polite">
      {problems.map((problem) => {
        const { line = 1, column = 1, key, message } = problem;
        const place = `${line}:${column}`;
        return (
          <li key={`${place} ${message}`}>
            {onShow === undefined ? (
              place
            ) : (
              <button type="button" onClick={() => onShow(problem)}>
                {place}
              </button>
            )}{' '}
            <span>
              <code>{key}</code> {message}
            </span>
          </li>
        );
      })}
    </ul>
  );
}
