/** Text to copy: a command, an address, a document. */
import { copyText } from '../../browser/copy.js';
import { t } from '../../shell/text.js';
import { IconButton } from '../button/button.js';
import './code-block.css';

export function CodeBlock({ text }: { text: string }) {
  return (
    <div class="code-block">
      <pre tabIndex={0}>{text}</pre>
      <IconButton icon="copy" label={t('copy')} onClick={() => void copyText(text)} />
    </div>
  );
}
