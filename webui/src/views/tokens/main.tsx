/** The access tokens view: what programs and other people may do, and their usage. */
import { useState } from 'preact/hooks';
import type { TokenCreated } from '../../../../shared/api/gateway/tokens.js';
import { useLiveReload } from '../../api/live-reload.js';
import { useResource } from '../../api/use-resource.js';
import { Button } from '../../components/button/button.js';
import { Empty, Loaded } from '../../components/feedback/feedback.js';
import { PageHeader } from '../../components/page-header/page-header.js';
import { showToast } from '../../components/toast/toast.js';
import { useCommands } from '../../shell/commands.js';
import { address, changeQuery, hashOf } from '../../shell/router.js';
import { t as shell } from '../../shell/text.js';
import { CreateDialog } from './create-dialog.js';
import { RevokeDialog } from './revoke-dialog.js';
import { SecretDialog } from './secret-dialog.js';
import { t } from './text.js';
import { TokenTable } from './token-table.js';
import { readTokens, type Token } from './tokens-api.js';
import './tokens.css';

function Tokens({ tokens, onAdd, onRevoke }: { tokens: readonly Token[]; onAdd: () => void; onRevoke: (token: Token) => void }) {
  return (
    <>
      {tokens.length === 0 ? (
        <Empty icon="tokens" title={t('none')} action={<Button kind="primary" icon="plus" text={t('add')} onClick={onAdd} />}>
          {t('noneText')}
        </Empty>
      ) : (
        <>
          <p class="muted">{t('lead')}</p>
          <TokenTable tokens={tokens} onRevoke={onRevoke} />
          <p class="hint">
            {t('spentText')} <a href={hashOf('models', ['usage'])}>{t('usage')}</a>
          </p>
        </>
      )}
      <p class="hint own-token">
        {t('ownText')} <code>xopc gateway token --show</code>
      </p>
    </>
  );
}

export default function TokensView() {
  const { value, error, reload, refresh } = useResource(readTokens, []);
  useLiveReload(['token'], refresh);
  const [created, setCreated] = useState<TokenCreated | undefined>(undefined);
  const [revoked, setRevoked] = useState<Token | undefined>(undefined);
  // `#/tokens?add=1` opens the dialog, also from other views.
  const isAdding = address.value.query['add'] === '1';
  const add = (): void => changeQuery({ add: '1' });
  const close = (): void => changeQuery({ add: undefined });
  useCommands([{ id: 'tokens-add', label: t('add'), icon: 'plus', keys: 'n', run: add }]);
  return (
    <section class="view">
      <PageHeader title={shell('tokens')}>
        {(value === undefined ? error === undefined : value.length > 0) && (
          <Button kind="primary" icon="plus" text={t('add')} onClick={add} />
        )}
      </PageHeader>
      <Loaded of={{ value, error, reload }} lines={6} />
      {value !== undefined && <Tokens tokens={value} onAdd={add} onRevoke={setRevoked} />}
      {isAdding && (
        <CreateDialog
          onClose={close}
          onCreated={(answer) => {
            close();
            setCreated(answer);
            reload();
          }}
        />
      )}
      {created !== undefined && (
        <SecretDialog
          created={created}
          onClose={() => {
            setCreated(undefined);
            // It may have been used in the meantime.
            reload();
          }}
        />
      )}
      {revoked !== undefined && (
        <RevokeDialog
          token={revoked}
          onClose={() => setRevoked(undefined)}
          onRevoked={() => {
            setRevoked(undefined);
            showToast({ text: t('revoked', { name: revoked.name }) });
            reload();
          }}
        />
      )}
    </section>
  );
}
