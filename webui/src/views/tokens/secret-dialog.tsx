/** The secret of a new token, which is shown only once, so only a button closes the dialog. */
import type { TokenCreated } from '../../../../shared/api/gateway/tokens.js';
import { curlLine } from '../../api/command-line.js';
import { gatewayUrl } from '../../api/gateway-url.js';
import { copyText } from '../../browser/copy.js';
import { Button } from '../../components/button/button.js';
import { CodeBlock } from '../../components/code-block/code-block.js';
import { Dialog, DialogActions } from '../../components/dialog/dialog.js';
import { Icon } from '../../components/icon/icon.js';
import { t } from './text.js';
import { trialOf } from './new-token.js';

function trialLine({ secret, token }: TokenCreated): string {
  const trial = trialOf(token);
  return curlLine(trial, { url: gatewayUrl(trial.path), hasToken: true }).replace('$XOPC_TOKEN', secret);
}

export function SecretDialog({ created, onClose }: { created: TokenCreated; onClose: () => void }) {
  const { secret, token } = created;
  return (
    <Dialog title={t('isCreated', { name: token.name })} size="wide">
      <p class="callout warning">
        <Icon name="warning" />
        {t('once')}
      </p>
      <pre class="token-secret" tabIndex={0} aria-label={t('secret')}>
        {secret}
      </pre>
      <h3>{t('tryIt')}</h3>
      <CodeBlock text={trialLine(created)} />
      <DialogActions>
        <Button text={t('done')} onClick={onClose} />
        <Button kind="primary" icon="copy" text={t('copySecret')} onClick={() => void copyText(secret)} />
      </DialogActions>
    </Dialog>
  );
}
