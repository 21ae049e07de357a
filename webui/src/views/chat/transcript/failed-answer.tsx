/** Why a turn has no answer: a row for each model that was tried. */
import { Markdown } from '../../../components/markdown/markdown.js';
import { whyText } from '../../../components/feedback/reason-text.js';
import type { StoredMessage } from '../model/chat-model.js';
import { t } from '../text.js';
import { triesOf } from './tries.js';

/** The others are folded. */
const SHOWN = 2;

function Tries({ tries }: { tries: ReturnType<typeof triesOf> }) {
  return (
    <ul class="tries">
      {tries.map(({ model, content, why }) => (
        <li key={model}>
          <strong>{model ?? t('firstModel')}</strong> · {whyText(content, why)}
        </li>
      ))}
    </ul>
  );
}

export function FailedAnswer({ message: { content, why } }: { message: StoredMessage }) {
  const tries = triesOf({ content, why });
  if (tries.length === 1) return <Markdown text={whyText(content, why)} />;
  const rest = tries.slice(SHOWN);
  return (
    <>
      <Tries tries={tries.slice(0, SHOWN)} />
      {rest.length > 0 && (
        <details>
          <summary>{t('moreTries', { count: rest.length })}</summary>
          <Tries tries={rest} />
        </details>
      )}
    </>
  );
}
