/** What a form would send, as a command line: a menu beside the button that sends it. */
import { type Call, toCurl } from '../api/client.js';
import { cliLine } from '../api/command-line.js';
import { t } from '../shell/text.js';
import { copyText } from './copy.js';
import { Menu } from './menu.js';

/** @param props.call  as it stands now */
export function CopyAs({ call }: { call: () => Call }) {
  const cli = cliLine(call());
  const items = [
    { label: t('copyCurl'), icon: 'terminal' as const, run: () => void copyText(toCurl(call())) },
    ...(cli === undefined ? [] : [{ label: t('copyCli'), icon: 'terminal' as const, run: () => void copyText(cli) }]),
  ];
  return <Menu label={t('copyAs')} text={t('copyAs')} items={items} align="start" opens="up" />;
}
