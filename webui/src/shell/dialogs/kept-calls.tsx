/** The call that copy mode kept, as command lines. */
import type { Call } from '../../api/client.js';
import { cliLine } from '../../api/command-line.js';
import { keptCall } from '../../api/copy-mode.js';
import { toCurl } from '../../api/to-curl.js';
import { copyText } from '../../browser/copy.js';
import { Button } from '../../components/button/button.js';
import { Dialog } from '../../components/dialog/dialog.js';
import { t as shell } from '../text.js';
import { t } from './text.js';

function Line({ text, label }: { text: string; label: string }) {
  return (
    <div class="command-line">
      <pre tabIndex={0}>{text}</pre>
      <Button icon="copy" text={label} onClick={() => void copyText(text)} />
    </div>
  );
}

export function KeptCall({ call }: { call: Call }) {
  const curl = toCurl(call);
  const cli = cliLine(call);
  const close = (): void => {
    keptCall.value = undefined;
  };
  return (
    <Dialog title={t('keptTitle')} size="wide" onClose={close}>
      <p>{t('keptText')}</p>
      <Line text={curl} label={shell('copyCurl')} />
      {cli !== undefined && (
        <>
          <p>{t('keptCli')}</p>
          <Line text={cli} label={shell('copyCli')} />
        </>
      )}
      {/'"\$[A-Z]/.test(curl) && <p class="hint">{t('keptSecret')}</p>}
    </Dialog>
  );
}
