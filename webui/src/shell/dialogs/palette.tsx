/** The command palette: commands of the shown view, views, actions of all views, and chats, found by label, synonym or text. */
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { isComposing } from '../../browser/is-composing.js';
import type { SessionMatch, SessionPage } from '../../../../shared/api/sessions.js';
import { apiPath, call } from '../../api/client.js';
import { connection } from '../../api/socket.js';
import { useDelayed } from '../../api/use-resource.js';
import { Dialog } from '../../components/dialog/dialog.js';
import { Icon } from '../../components/icon/icon.js';
import { Match } from '../../components/marked/match.js';
import { plainText } from '../../components/markdown/plain-text.js';
import { actions, wordsOf } from './actions.js';
import { type Command, commands, keysText } from '../commands.js';
import { closeDialog, typedAhead } from '../open-dialog.js';
import { hashOf, navigate } from '../router.js';
import { t as shell } from '../text.js';
import { t } from './text.js';

/** Letters in order, anywhere in a label, are searched only if nothing else is found. */
const FUZZY = 1_000;
const BY_WORD = 100;

/** `nch` finds "New chat". A lower score is better. */
function score({ id, label }: Command, wanted: string): number | undefined {
  const text = label.toLowerCase();
  const direct = text.indexOf(wanted);
  if (direct === 0 || text[direct - 1] === ' ') return direct;
  const known = ` ${text} ${wordsOf(id)}`;
  if (wanted.split(/\s+/).every((word) => known.includes(` ${word}`))) return BY_WORD;
  if (direct > 0) return BY_WORD + direct;
  let at = -1;
  for (const letter of wanted.replaceAll(' ', '')) {
    at = text.indexOf(letter, at + 1);
    if (at < 0) return undefined;
  }
  return FUZZY + at;
}

type GroupName = 'view' | 'go' | 'everywhere' | 'chats';

/** A command; for a chat, with the text that matches the search. */
interface Found extends Command {
  readonly match?: SessionMatch | undefined;
}

interface Group {
  readonly name: GroupName;
  readonly commands: readonly Found[];
}

/** Returns the registered commands and the actions of all views. A view's own command of the same id replaces an action. */
function known(): Command[] {
  const registered = commands.value;
  const ids = new Set(registered.map(({ id }) => id));
  const others = actions().filter(({ id }) => !ids.has(id));
  return [...registered, ...others.map((action) => ({ ...action, group: 'everywhere' as const }))];
}

/** Groups the commands that match, the best first in each group; the group with the best one is first. */
function search(all: readonly Command[], wanted: string): Group[] {
  const visible = all.filter(({ isHidden }) => isHidden !== true);
  const scored = visible.flatMap((command) => {
    const points = wanted === '' ? 0 : score(command, wanted);
    return points === undefined ? [] : [{ command, points }];
  });
  const best = Math.min(...scored.map(({ points }) => points));
  const kept = best < FUZZY ? scored.filter(({ points }) => points < FUZZY) : scored;
  const groups = (['view', 'go', 'everywhere'] as const).map((name) => {
    const found = kept.filter(({ command }) => (command.group ?? 'view') === name).toSorted((a, b) => a.points - b.points);
    return { name, best: found[0]?.points ?? Infinity, commands: found.map(({ command }) => command) };
  });
  return groups.filter(({ commands: found }) => found.length > 0).toSorted((a, b) => a.best - b.best);
}

const CHATS_SHOWN = 6;
/** Shorter words match nearly every chat. */
const MIN_LENGTH = 2;
const SETTLE_MS = 150;

interface Chats {
  readonly chats: readonly Found[];
  /** Others may be found in a moment. */
  readonly isSearching: boolean;
}

/** Finds the chats that match, a moment after the text was typed. Commands work without them. */
function useChats(wanted: string): Chats {
  const [found, setFound] = useState<{ wanted: string; sessions: SessionPage['sessions'] }>({ wanted: '', sessions: [] });
  const canSearch = wanted.length >= MIN_LENGTH && connection.value.kind === 'online';
  const look = (signal: AbortSignal): void => {
    const path = apiPath('/api/sessions', {}, { search: wanted, limit: CHATS_SHOWN });
    call<SessionPage>('GET', path, { signal }).then(
      ({ sessions }) => setFound({ wanted, sessions }),
      () => !signal.aborted && setFound({ wanted, sessions: [] }),
    );
  };
  useDelayed(SETTLE_MS, canSearch ? look : undefined, [wanted, canSearch]);
  const isSearching = canSearch && found.wanted !== wanted;
  // Chats found for the first letters stay until newer ones arrive, so that the list does not flicker.
  if (wanted.length < MIN_LENGTH || !wanted.startsWith(found.wanted) || found.wanted === '') return { chats: [], isSearching };
  const chats = found.sessions.map(({ key, title, match }) => ({
    id: `chat-${key}`,
    label: plainText(title),
    icon: 'chat' as const,
    match,
    run: () => navigate(hashOf('chat', [key], { message: match?.messageId ?? undefined })),
  }));
  return { chats, isSearching };
}

function Option({ command, isChosen, onChoose }: { command: Found; isChosen: boolean; onChoose: () => void }) {
  const element = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (isChosen) element.current?.scrollIntoView({ block: 'nearest' });
  }, [isChosen]);
  return (
    <div ref={element} id={`command-${command.id}`} role="option" aria-selected={isChosen} onClick={onChoose}>
      <Icon name={command.icon ?? 'right'} size={16} />
      <span>
        {command.label}
        {command.match !== undefined && (
          <small class="palette-why" dir="auto">
            <Match match={command.match} />
          </small>
        )}
      </span>
      {command.keys !== undefined && <kbd>{keysText(command.keys)}</kbd>}
    </div>
  );
}

function Groups({
  groups,
  chosen,
  onChoose,
}: {
  groups: readonly Group[];
  chosen: Command | undefined;
  onChoose: (command: Command) => void;
}) {
  return (
    <div class="palette-list scrolled down" id="palette-list" role="listbox" aria-label={shell('palette')}>
      {groups.map(({ name, commands: found }) => (
        <div key={name} role="group" aria-labelledby={`palette-${name}`}>
          <div id={`palette-${name}`} class="palette-group" role="presentation">
            {t(`palette_${name}`)}
          </div>
          {found.map((command) => (
            <Option key={command.id} command={command} isChosen={command === chosen} onChoose={() => onChoose(command)} />
          ))}
        </div>
      ))}
    </div>
  );
}

export function Palette() {
  const [{ text: typed, isEntered }, setTyped] = useState(() => typedAhead.peek());
  const [index, setIndex] = useState(0);
  const wanted = typed.trim().toLowerCase();
  const { chats, isSearching } = useChats(wanted);
  const matching = search(known(), wanted);
  const groups = [...matching, ...(chats.length === 0 ? [] : [{ name: 'chats' as const, commands: chats }])];
  const found = groups.flatMap(({ commands: ofGroup }) => ofGroup);
  const chosen = found[Math.min(index, found.length - 1)];
  const run = (command: Command | undefined): void => {
    closeDialog();
    command?.run();
  };
  // Enter applies to results for the whole text; a chat may be found a moment later.
  const isRun = isEntered && (matching.length > 0 || index > 0 || !isSearching);
  useLayoutEffect(() => {
    if (isRun) run(chosen);
  }, [isRun]);
  const onKeyDown = (event: KeyboardEvent): void => {
    if (isComposing(event)) return;
    const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1 };
    const step = steps[event.key];
    if (step !== undefined && found.length > 0) setIndex((Math.min(index, found.length - 1) + step + found.length) % found.length);
    else if (event.key === 'Enter') setTyped({ text: typed, isEntered: true });
    else return;
    event.preventDefault();
  };
  const onInput = (text: string): void => {
    setTyped({ text, isEntered: false });
    setIndex(0);
  };
  return (
    <Dialog title={shell('palette')} onClose={closeDialog}>
      <input
        class="palette-input"
        role="combobox"
        aria-expanded="true"
        aria-controls="palette-list"
        aria-activedescendant={chosen === undefined ? undefined : `command-${chosen.id}`}
        aria-label={t('paletteHint')}
        placeholder={t('paletteHint')}
        value={typed}
        autoFocus
        onInput={(event) => onInput(event.currentTarget.value)}
        onKeyDown={onKeyDown}
      />
      <Groups groups={groups} chosen={chosen} onChoose={run} />
      {found.length === 0 && <p class="hint">{t('noCommand')}</p>}
    </Dialog>
  );
}
