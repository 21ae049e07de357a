/** The summary that the model gets in place of older messages: a line where it ends, with its text folded below. */
import type { SessionSummary } from '../../../../../shared/api/session-archive.js';
import { apiPath, call } from '../../../api/client.js';
import { useResource } from '../../../api/use-resource.js';
import { Button } from '../../../components/button/button.js';
import { Icon } from '../../../components/icon/icon.js';
import { Markdown } from '../../../components/markdown/markdown.js';
import { attempt, showToast } from '../../../components/toast/toast.js';
import en from '../../../i18n/en/chat/summary.json';
import { defineText } from '../../../i18n/language.js';
import zh from '../../../i18n/zh/chat/summary.json';

const t = defineText(en, zh);

interface SummaryLineProps {
  readonly session: string;
  readonly id: string;
}

export function SummaryLine({ session, id }: SummaryLineProps) {
  const { value } = useResource(
    (signal) =>
      call<{ summaries: readonly SessionSummary[] }>('GET', apiPath('/api/sessions/:key/summaries', { key: session }), { signal }),
    [session, id],
  );
  const undo = (): void =>
    void attempt(async () => {
      await call('DELETE', apiPath('/api/sessions/:key/summaries/:id', { key: session, id }));
      showToast({ text: t('fullHistory') });
    });
  return (
    <details class="tool-row summarised">
      <summary>
        <Icon name="archive" size={14} />
        {t('summarised')}
        <Icon name="down" size={14} />
      </summary>
      <div class="tool-parts">
        <Markdown text={value?.summaries.find((summary) => summary.id === id)?.content ?? ''} />
        <Button icon="undo" text={t('useFullHistory')} onClick={undo} />
      </div>
    </details>
  );
}
