/** The calls that copy mode kept, as command lines. */
import { cliLine } from '../../api/command-line.js';
import { endCopyMode, keptCalls } from '../../api/copy-mode.js';
import { toCurl } from '../../api/to-curl.js';
import { copyText } from '../../browser/copy.js';
import { Button } from '../../components/button/button.js';
import { Dialog } from '../../components/dialog/dialog.js';
import { t as shell } from '../text.js';
import { t } from './text.js';

function Lines({ text, label }: { text: string; label: string }) {
  return (
    <div class="command-line">
      <pre tabIndex={0}>{text}</pre>
      <Button icon="copy" text={label} onClick={() => void copyText(text)} />
    </div>
  );
}

export function KeptCalls() {
  const calls = keptCalls.value;
  const curl = calls.map(toCurl).join('\n');
  const cli = calls.map(cliLine);
  return (
    <Dialog title={t('keptTitle')} size="wide" onClose={endCopyMode}>
      <p>
        {t('keptText')}
        {curl.includes('$XOPC_TOKEN') && ` ${t('keptToken')}`}
      </p>
      <Lines text={curl} label={shell('copyCurl')} />
      {!cli.includes(undefined) && (
        <>
          <p>{t('keptCli')}</p>
          <Lines text={cli.join('\n')} label={shell('copyCli')} />
        </>
      )}
      {/'"\$[A-Z]/.test(curl) && <p class="hint">{t('keptSecret')}</p>}
    </Dialog>
  );
}
