/** Permanent approvals: these calls do not ask until the approval is removed. */
import type { GrantDocument } from '../../../../shared/api/tools/approvals.js';
import { apiPath, call } from '../../api/client.js';
import { Button } from '../../components/button/button.js';
import { fullTime, relativeTime } from '../../components/time-text/time-text.js';
import { attempt } from '../../components/toast/toast.js';
import { hashOf } from '../../shell/router.js';
import { t } from './text.js';

function Grant({ grant: { id, tool, agentId, session, grantedAt }, reload }: { grant: GrantDocument; reload: () => void }) {
  const remove = async (): Promise<void> => {
    await attempt(() => call('DELETE', apiPath('/api/approvals/grants/:id', { id: String(id) })));
    reload();
  };
  const atMs = Date.parse(grantedAt);
  return (
    <li class="tool-item">
      <div class="tool-about">
        <p>
          <code>{tool}</code>
        </p>
        <p class="muted" title={fullTime(atMs)}>
          {session === null ? t('grantOfAgent', { agent: agentId }) : <a href={hashOf('chat', [session])}>{t('grantOfChat')}</a>}
          {` · ${relativeTime(atMs)}`}
        </p>
      </div>
      <Button kind="quiet" text={t('askAgain')} about={tool} onClick={() => void remove()} />
    </li>
  );
}

export function Grants({ grants, reload }: { grants: readonly GrantDocument[]; reload: () => void }) {
  if (grants.length === 0) return null;
  return (
    <section class="card tool-server">
      <div class="card-head">
        <h2>{t('grants')}</h2>
      </div>
      <p class="muted">{t('grantsText')}</p>
      <ul class="tool-list" aria-label={t('grants')}>
        {grants.map((grant) => (
          <Grant key={grant.id} {...{ grant, reload }} />
        ))}
      </ul>
    </section>
  );
}
