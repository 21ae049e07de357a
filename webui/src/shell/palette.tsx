/** The command palette: commands, views, and chats found by their text. */
import { signal } from '@preact/signals';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { SessionPage } from '../../../shared/api/sessions.js';
import { apiPath, call } from '../api/client.js';
import { connection } from '../api/socket.js';
import { useDelayed } from '../api/use-resource.js';
import { Dialog } from '../components/dialog/dialog.js';
import { Icon } from '../components/icon/icon.js';
import { plainText } from '../components/markdown/plain-text.js';
import { type Command, commands, keysText } from './commands.js';
import { hashOf, navigate } from './router.js';
import { Shortcuts } from './shortcuts.js';
import { t } from './text.js';
import './palette.css';

export const openList = signal<'palette' | 'shortcuts' | undefined>(undefined);

const close = (): void => {
  openList.value = undefined;
};

/** Matches letters in order, anywhere: `nch` finds "New chat". A lower score is better. */
function score(label: string, wanted: string): number | undefined {
  const text = label.toLowerCase();
  const direct = text.indexOf(wanted);
  if (direct >= 0) return direct;
  let at = -1;
  for (const letter of wanted.replaceAll(' ', '')) {
    at = text.indexOf(letter, at + 1);
    if (at < 0) return undefined;
  }
  return 100 + at;
}

function search(all: readonly Command[], wanted: string): Command[] {
  const visible = all.filter(({ isHidden }) => isHidden !== true);
  if (wanted === '') return visible;
  const scored = visible.flatMap((command) => {
    const points = score(command.label, wanted);
    return points === undefined ? [] : [{ command, points }];
  });
  return scored.toSorted((a, b) => a.points - b.points).map(({ command }) => command);
}

const CHATS_SHOWN = 6;
/** Shorter words match nearly every chat. */
const MIN_LENGTH = 2;
const SETTLE_MS = 150;

/** Returns the chats that match, a moment after the text was typed. Commands work without them. */
function useChats(wanted: string): readonly Command[] {
  const [found, setFound] = useState<{ wanted: string; sessions: SessionPage['sessions'] }>({ wanted: '', sessions: [] });
  const isLong = wanted.length >= MIN_LENGTH;
  const look = (signal: AbortSignal): void => {
    const path = apiPath('/api/sessions', {}, { search: wanted, limit: CHATS_SHOWN });
    call<SessionPage>('GET', path, { signal }).then(
      ({ sessions }) => setFound({ wanted, sessions }),
      () => undefined,
    );
  };
  useDelayed(SETTLE_MS, isLong && connection.peek().kind === 'online' ? look : undefined, [wanted]);
  // Chats found for the first letters stay until newer ones arrive, so that the list does not flicker.
  if (!isLong || !wanted.startsWith(found.wanted) || found.wanted === '') return [];
  return found.sessions.map(({ key, title }) => ({
    id: `chat-${key}`,
    label: plainText(title),
    icon: 'chat',
    run: () => navigate(hashOf('chat', [key])),
  }));
}

function Option({ command, isChosen, onChoose }: { command: Command; isChosen: boolean; onChoose: () => void }) {
  const element = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (isChosen) element.current?.scrollIntoView({ block: 'nearest' });
  }, [isChosen]);
  return (
    <li ref={element} id={`command-${command.id}`} role="option" aria-selected={isChosen} onClick={onChoose}>
      <Icon name={command.icon ?? 'right'} size={16} />
      <span>{command.label}</span>
      {command.keys !== undefined && <kbd>{keysText(command.keys)}</kbd>}
    </li>
  );
}

function Palette() {
  const [wanted, setWanted] = useState('');
  const [index, setIndex] = useState(0);
  const text = wanted.trim().toLowerCase();
  const found = [...search(commands.value, text), ...useChats(text)];
  const chosen = found[Math.min(index, found.length - 1)];
  const run = (command: Command | undefined): void => {
    close();
    command?.run();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1 };
    const step = steps[event.key];
    if (step !== undefined && found.length > 0) setIndex((Math.min(index, found.length - 1) + step + found.length) % found.length);
    else if (event.key === 'Enter') run(chosen);
    else return;
    event.preventDefault();
  };
  const onInput = (value: string): void => {
    setWanted(value);
    setIndex(0);
  };
  return (
    <Dialog title={t('palette')} onClose={close}>
      <input
        class="palette-input"
        role="combobox"
        aria-expanded="true"
        aria-controls="palette-list"
        aria-activedescendant={chosen === undefined ? undefined : `command-${chosen.id}`}
        aria-label={t('paletteHint')}
        placeholder={t('paletteHint')}
        value={wanted}
        autoFocus
        onInput={(event) => onInput(event.currentTarget.value)}
        onKeyDown={onKeyDown}
      />
      <ul class="palette-list" id="palette-list" role="listbox" aria-label={t('palette')}>
        {found.map((command) => (
          <Option key={command.id} command={command} isChosen={command === chosen} onChoose={() => run(command)} />
        ))}
      </ul>
      {found.length === 0 && <p class="hint">{t('noCommand')}</p>}
    </Dialog>
  );
}

export function CommandLists() {
  if (openList.value === 'palette') return <Palette />;
  return openList.value === 'shortcuts' ? <Shortcuts onClose={close} /> : null;
}
