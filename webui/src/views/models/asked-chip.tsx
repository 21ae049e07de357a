/** The result of a question to a model. */
import type { Asked } from './use-checks.js';
import { t } from './text.js';

/** @param props.isShort  omits the reason, which is shown elsewhere */
export function AskedChip({ asked, isShort = false }: { asked: Asked | undefined; isShort?: boolean }) {
  if (asked === undefined) return null;
  if (asked === 'running') return <span class="chip">{t('asking')}</span>;
  if ('ms' in asked) return <span class="chip good">{t('answered', { ms: asked.ms })}</span>;
  if (isShort) return <span class="chip bad">{t('noAnswer')}</span>;
  return (
    <span class="asked-problem" role="status">
      <span class="chip bad">{t('noAnswer')}</span> {asked.problem}
    </span>
  );
}
