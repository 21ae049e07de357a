/** All tokens: what each may do, what it spent today, when it ends and when it was used last. */
import { useState } from 'preact/hooks';
import { now } from '../../browser/now.js';
import { Button } from '../../components/button/button.js';
import { Gauge } from '../../components/gauge/gauge.js';
import { Badge } from '../../components/status-dot/status-dot.js';
import { type Column, type Order, Table } from '../../components/table/table.js';
import { Ago, dateText, dollars, fullTime } from '../../components/time-text/time-text.js';
import { language } from '../../i18n/language.js';
import { t as shell } from '../../shell/text.js';
import { t } from './text.js';
import type { Token } from './tokens-api.js';

type Key = 'name' | 'scopes' | 'spent' | 'expires' | 'used' | 'revoke';

const SOON_MS = 7 * 86_400_000;

const columns = (): Column<Key>[] => [
  { key: 'name', name: t('token') },
  { key: 'scopes', name: t('mayDo'), isSorted: false },
  { key: 'spent', name: t('spentToday') },
  { key: 'expires', name: t('expires') },
  { key: 'used', name: t('lastUsed') },
  { key: 'revoke', name: t('actions'), isHidden: true, isSorted: false },
];

export const hasExpired = ({ expiresAt }: Token): boolean => expiresAt !== null && Date.parse(expiresAt) <= now();

/** Tokens that do not expire come last; tokens that were never used come first. */
const sortedNumber = (token: Token, by: Key): number => {
  if (by === 'spent') return token.spentTodayUsd;
  if (by === 'expires') return token.expiresAt === null ? Infinity : Date.parse(token.expiresAt);
  return token.lastUsedAt === null ? 0 : Date.parse(token.lastUsedAt);
};

function sortTokens(tokens: readonly Token[], { by, isDescending }: Order<Key>): Token[] {
  const byName = (a: Token, b: Token): number => a.name.localeCompare(b.name, language.value);
  const compare = (a: Token, b: Token): number => {
    const [one, other] = [sortedNumber(a, by), sortedNumber(b, by)];
    return by === 'name' || one === other ? byName(a, b) : one < other ? -1 : 1;
  };
  return tokens.toSorted((a, b) => (isDescending ? compare(b, a) : compare(a, b)));
}

function MayDo({ token: { scopes, agents, requestsPerMinute } }: { token: Token }) {
  const notes = [
    agents === null ? '' : t('onlyAgents', { agents: agents.join(', ') }),
    requestsPerMinute === null ? '' : t('perMinute', { count: requestsPerMinute }),
  ].filter(Boolean);
  return (
    <>
      <span class="token-scopes">
        {scopes.map((scope) => (
          <Badge key={scope} tone={scope === 'admin' ? 'warning' : 'off'}>
            {scope}
          </Badge>
        ))}
      </span>
      {notes.length > 0 && <small class="cell-note">{notes.join(' · ')}</small>}
    </>
  );
}

function Spent({ token: { dailyUsd, spentTodayUsd } }: { token: Token }) {
  const isUsedUp = dailyUsd !== null && spentTodayUsd >= dailyUsd;
  return (
    <>
      <span class={isUsedUp ? 'token-used-up' : undefined}>{dollars(spentTodayUsd)}</span>
      <small class="cell-note">{dailyUsd === null ? t('noLimit') : t('ofLimit', { limit: dollars(dailyUsd) })}</small>
      {dailyUsd !== null && <Gauge share={spentTodayUsd / dailyUsd} />}
    </>
  );
}

function Expires({ token }: { token: Token }) {
  const { expiresAt } = token;
  if (expiresAt === null) return <span class="muted">{t('never')}</span>;
  const atMs = Date.parse(expiresAt);
  const date = dateText(atMs, { dateStyle: 'medium' });
  if (hasExpired(token))
    return (
      <>
        <Badge tone="bad">{t('expired')}</Badge>
        <small class="cell-note">{date}</small>
      </>
    );
  return (
    <>
      <Ago class={atMs - now() < SOON_MS ? 'token-soon' : undefined} at={expiresAt} />
      <small class="cell-note">{date}</small>
    </>
  );
}

function LastUsed({ token: { lastUsedAt, lastUsedFrom } }: { token: Token }) {
  if (lastUsedAt === null) return <span class="muted">{t('neverUsed')}</span>;
  return (
    <>
      <Ago at={lastUsedAt} />
      {lastUsedFrom !== null && <small class="cell-note">{t('from', { address: lastUsedFrom })}</small>}
    </>
  );
}

function Row({ token, onRevoke }: { token: Token; onRevoke: () => void }) {
  const isOver = hasExpired(token);
  return (
    <tr class={isOver ? 'off' : undefined}>
      <th scope="row" class="token-name" title={t('created', { time: fullTime(Date.parse(token.createdAt)) })}>
        {token.name}
        {token.prefix !== null && (
          <small class="cell-note">
            <code>{token.prefix}…</code>
          </small>
        )}
      </th>
      <td data-label={t('mayDo')}>
        <MayDo token={token} />
      </td>
      <td data-label={t('spentToday')} class="token-spent">
        <Spent token={token} />
      </td>
      <td data-label={t('expires')}>
        <Expires token={token} />
      </td>
      <td data-label={t('lastUsed')}>
        <LastUsed token={token} />
      </td>
      <td class="token-revoke">
        <Button kind="quiet" text={t(isOver ? 'remove' : 'revoke')} about={token.name} onClick={onRevoke} />
      </td>
    </tr>
  );
}

export function TokenTable({ tokens, onRevoke }: { tokens: readonly Token[]; onRevoke: (token: Token) => void }) {
  const [order, setOrder] = useState<Order<Key>>({ by: 'name', isDescending: false });
  return (
    <div class="token-table">
      <Table label={shell('tokens')} columns={columns()} order={order} onOrder={setOrder}>
        {sortTokens(tokens, order).map((token) => (
          <Row key={token.id} token={token} onRevoke={() => onRevoke(token)} />
        ))}
      </Table>
    </div>
  );
}
