/** People who may write to a bot, and those who wait for approval. */
import type { PairingDocument as Pairing } from '../../../../shared/api/channels.js';
import { hasFullAccount, MAX_PENDING_PAIRINGS } from '../../../../shared/channels/pairing-limit.js';
import { apiPath, call } from '../../api/client.js';
import { Button } from '../../components/button/button.js';
import { accountName } from '../../components/channel-name/channel-name.js';
import { plainText } from '../../components/markdown/plain-text.js';
import { relativeTime } from '../../components/time-text/time-text.js';
import { attempt } from '../../components/toast/toast.js';
import { t } from './text.js';

function Row({ pairing, reload }: { pairing: Pairing; reload: () => void }) {
  const { channel, accountId, senderId, senderName, code, expiresAt, state } = pairing;
  const act = async (path: '/api/channels/:channel/approve' | '/api/channels/:channel/revoke', body: object): Promise<void> => {
    if (await attempt(() => call('POST', apiPath(path, { channel }), { body }))) reload();
  };
  return (
    <li>
      <span class="pairing-who">
        {plainText(senderName)}
        <small class="muted">
          {accountName(channel, accountId)} · <code>{senderId}</code>
        </small>
      </span>
      {code !== null && <code>{code}</code>}
      {expiresAt !== null && <span class="muted">{t('until', { time: relativeTime(Date.parse(expiresAt)) })}</span>}
      <span class="spread">
        {code !== null && (
          <Button
            kind="primary"
            text={t('approve')}
            about={senderName}
            onClick={() => void act('/api/channels/:channel/approve', { code })}
          />
        )}
        {state === 'approved' && (
          <Button
            kind="quiet"
            text={t('revoke')}
            about={senderName}
            onClick={() => void act('/api/channels/:channel/revoke', { senderId, accountId })}
          />
        )}
      </span>
    </li>
  );
}

export function Pairings({ pairings, reload }: { pairings: readonly Pairing[]; reload: () => void }) {
  if (pairings.length === 0) return null;
  // Those who wait come first.
  const sorted = pairings.toSorted((a, b) => Number(a.code === null) - Number(b.code === null));
  return (
    <section class="card">
      <h2>{t('pairings')}</h2>
      <ul class="rows" aria-label={t('pairings')}>
        {sorted.map((pairing) => (
          <Row key={`${pairing.channel}/${pairing.accountId}/${pairing.senderId}`} pairing={pairing} reload={reload} />
        ))}
      </ul>
      {hasFullAccount(pairings) && <p class="muted">{t('pairingsFull', { count: MAX_PENDING_PAIRINGS })}</p>}
    </section>
  );
}
