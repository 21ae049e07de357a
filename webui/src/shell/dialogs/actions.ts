/** The palette's entries besides the commands of the shown view: actions of the other views, and search words. */
import { copyText } from '../../browser/copy.js';
import { attempt } from '../../components/toast/toast.js';
import type { IconName } from '../../components/icon/icon.js';
import en from '../../i18n/en/dialogs/actions.json';
import { defineText } from '../../i18n/language.js';
import zh from '../../i18n/zh/dialogs/actions.json';
import { session } from '../../api/session.js';
import { type Command, runThere } from '../commands.js';
import { hashOf, navigate } from '../router.js';
import { leave } from './leave.js';

const t = defineText(en, zh);

type Name = Exclude<keyof typeof en, `words_${string}`>;

/** Actions with an address. The view's own command of the same id replaces an action while the view is shown. */
const PLACES: readonly (readonly [id: Name, icon: IconName, to: string])[] = [
  ['models-add', 'plus', hashOf('models', [], { add: '1' })],
  ['models-order', 'models', hashOf('models')],
  ['models-usage', 'models', hashOf('models', ['usage'])],
  ['cron-new', 'plus', hashOf('cron', ['new'])],
  ['cron-list', 'play', hashOf('cron')],
  ['channels-dead', 'warning', hashOf('channels', ['messages'], { status: 'dead' })],
  ['logs-errors', 'error', hashOf('logs', [], { level: 'error' })],
  ['tokens-add', 'plus', hashOf('tokens', [], { add: '1' })],
  ['config-text', 'config', hashOf('config', ['text'])],
  ['config-versions', 'history', hashOf('config', ['versions'])],
];

/** Commands of a view, run as soon as it is shown. */
const THERE: readonly (readonly [id: Name, icon: IconName, view: string])[] = [
  ['search-sessions', 'search', 'sessions'],
  ['channels-add', 'plus', 'channels'],
  ['logs-search', 'search', 'logs'],
  ['config-search', 'search', 'config'],
];

/** Actions that only the command line supports. */
const LINES: readonly (readonly [id: Name, line: string])[] = [
  ['copy-restart', 'xopc gateway restart'],
  ['copy-backup', 'xopc backup'],
  ['copy-token', 'xopc gateway token --show'],
];

export function actions(): Command[] {
  return [
    ...PLACES.map(([id, icon, to]) => ({ id, label: t(id), icon, run: () => navigate(to) })),
    ...THERE.map(([id, icon, view]) => ({ id, label: t(id), icon, run: () => runThere(hashOf(view), id) })),
    ...LINES.map(([id, line]) => ({ id, label: t(id), icon: 'terminal' as const, run: () => void copyText(line) })),
    ...(session.value.signedIn && !session.value.owner
      ? [{ id: 'sign-out', label: t('sign-out'), icon: 'signOut' as const, run: () => void attempt(leave) }]
      : []),
  ];
}

/** Returns the words by which a command is found besides its label. */
export function wordsOf(id: string): string {
  const name = `words_${id}`;
  return name in en ? t(name as keyof typeof en).toLowerCase() : '';
}
