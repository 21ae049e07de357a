/** Asks before a token is revoked, and shows what ends with it. */
import { request } from '../../api/client.js';
import { FormDialog } from '../../components/form/form.js';
import { t } from './text.js';
import { hasExpired } from './token-table.js';
import { revokeCall, type Token } from './tokens-api.js';

interface RevokeDialogProps {
  readonly token: Token;
  readonly onClose: () => void;
  readonly onRevoked: () => void;
}

export function RevokeDialog({ token, onClose, onRevoked }: RevokeDialogProps) {
  const isOver = hasExpired(token);
  const revoke = async (): Promise<void> => {
    await request(revokeCall(token));
    onRevoked();
  };
  return (
    <FormDialog
      title={t(isOver ? 'removeTitle' : 'revokeTitle', { name: token.name })}
      call={() => revokeCall(token)}
      submitText={t(isOver ? 'remove' : 'revoke')}
      submitKind="danger"
      onClose={onClose}
      onSubmit={revoke}
    >
      {isOver ? (
        <p>{t('removeText')}</p>
      ) : (
        <>
          <p>{t('revokeText')}</p>
          <ul class="token-ends">
            {(['requests', 'streams', 'background', 'sessions'] as const).map((what) => (
              <li key={what}>{t(`ends_${what}`)}</li>
            ))}
          </ul>
          <p>{t('noUndo')}</p>
        </>
      )}
    </FormDialog>
  );
}
