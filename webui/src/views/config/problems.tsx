/** Problems that the gateway finds in a text of the file while it is edited. */
import { pause, systemClock } from '../../../../shared/clock.js';
import { gateway } from '../../api/socket.js';
import { useResource } from '../../api/use-resource.js';
import { checkText, type Problem } from './config-api.js';
import { reasonText } from '../../components/feedback/reason-text.js';
import { t } from './text.js';

const TYPING_MS = 300;

interface Found {
  readonly text: string;
  readonly problems: readonly Problem[];
}

/**
 * Validates a text once it has not changed for a moment, and again when the gateway is back.
 * @param known  its problems, where they are known already
 * @returns `isChecked`: the problems are those of this text, not of an earlier one; `error`: why it could not be checked
 */
export function useProblems(text: string | undefined, known?: readonly Problem[]) {
  const check = async (signal: AbortSignal): Promise<Found | undefined> => {
    if (known !== undefined || text === undefined) return undefined;
    await pause(TYPING_MS, systemClock, signal);
    return { text, problems: (await checkText(text, signal)).problems };
  };
  const { value: found, error, reload, set } = useResource(check, [text, known, gateway.value]);
  return {
    problems: text === undefined ? [] : (known ?? found?.problems ?? []),
    isChecked: known !== undefined || (text !== undefined && found?.text === text),
    error,
    reload,
    setProblems: (problems: readonly Problem[]) => text !== undefined && set({ text, problems }),
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
