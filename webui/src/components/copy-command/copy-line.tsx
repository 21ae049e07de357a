/**
 * A button that copies a call for curl, or a menu that copies the current call of a form, also as an `xopc` command if there is
 * one.
 */
import type { Call } from '../../api/call.js';
import { cliLine } from '../../api/command-line.js';
import { toCurl } from '../../api/to-curl.js';
import { copyText } from '../../browser/copy.js';
import { t } from '../../shell/text.js';
import { Button } from '../button/button.js';
import { Menu } from '../menu/menu.js';

export interface CopyCommandProps {
  readonly call: () => Call;
  readonly isMenu?: boolean;
}

export default function CopyLine({ call, isMenu = false }: CopyCommandProps) {
  const copyCurl = (): void => void copyText(toCurl(call()));
  if (!isMenu) return <Button kind="quiet" icon="copy" text={t('copyCurl')} onClick={copyCurl} />;
  const cli = cliLine(call());
  const items = [
    { label: t('copyCurl'), icon: 'terminal' as const, run: copyCurl },
    ...(cli === undefined ? [] : [{ label: t('copyCli'), icon: 'terminal' as const, run: () => void copyText(cli) }]),
  ];
  return <Menu label={t('copyAs')} text={t('copyAs')} items={items} align="start" opens="up" />;
}
