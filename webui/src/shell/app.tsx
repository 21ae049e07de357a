/** The frame around every view: navigation, notices, palette, and the view that the address names. */
import type { ComponentType } from 'preact';
import { useEffect, useLayoutEffect, useState } from 'preact/hooks';
import { session } from '../api/session.js';
import { useReturn } from '../api/use-resource.js';
import { Button } from '../components/button/button.js';
import { Empty, Spinner } from '../components/feedback/feedback.js';
import { Toasts } from '../components/toast/toast.js';
import { chooseLanguage, language } from '../i18n/language.js';
import { Banners } from './banner.js';
import { type Command, listenForKeys, useCommands } from './commands.js';
import { copyModeCommands } from './copy-mode.js';
import { Dialogs } from './dialogs.js';
import { foldRail, isRailFolded, Navigation } from './navigation.js';
import { openDialog } from './open-dialog.js';
import { address, hashOf, navigate, steps } from './router.js';
import { t } from './text.js';
import { chooseTheme, isDark } from './theme.js';
import { type View, VIEWS } from './views.js';

/** A view that could not be loaded is loaded when the gateway is reached again. */
function useView(view: View): { component?: ComponentType; hasFailed: boolean } {
  const [round, setRound] = useState(0);
  const [loaded, setLoaded] = useState<{ id?: string; component?: ComponentType; hasFailed: boolean }>({ hasFailed: false });
  useEffect(() => {
    let isWanted = true;
    view.load().then(
      (module) => isWanted && setLoaded({ id: view.id, component: module.default, hasFailed: false }),
      () => isWanted && setLoaded({ id: view.id, hasFailed: true }),
    );
    return () => {
      isWanted = false;
    };
  }, [view, round]);
  const isLoaded = loaded.id === view.id;
  useReturn(isLoaded ? (loaded.hasFailed ? 'failed' : 'done') : 'running', () => setRound(round + 1));
  return isLoaded ? loaded : { hasFailed: false };
}

/**
 * After each step the focus is in the content: its first control is one key away, also where the control that led here is gone. A control of the
 * content or of a dialog that has the focus keeps it.
 */
function focusContent(): void {
  const content = document.getElementById('content');
  const { activeElement } = document;
  if (content?.contains(activeElement) === true || activeElement?.matches('dialog *') === true) return;
  content?.focus({ preventScroll: true });
}

function ShownView({ view }: { view: View }) {
  const { component: Component, hasFailed } = useView(view);
  const title = `${t(view.id)} · xopc`;
  // A view may set a more specific title later.
  useEffect(() => {
    document.title = title;
  }, [title]);
  // Before the paint, but after parts of the view that follow the address themselves: they are rendered one after the other.
  useLayoutEffect(() => queueMicrotask(focusContent), [steps.value]);
  if (Component !== undefined) return <Component />;
  if (!hasFailed) return <Spinner />;
  return (
    <Empty title={t('viewFailed')} action={<Button kind="primary" text={t('reload')} onClick={() => location.reload()} />}>
      {t('viewFailedText')}
    </Empty>
  );
}

function shellCommands(): Command[] {
  const listed: Command[] = [
    { id: 'shortcuts', label: t('shortcuts'), icon: 'keyboard', keys: '?', run: () => openDialog('shortcuts') },
    { id: 'theme', label: t('switchTheme'), icon: 'sun', run: () => chooseTheme(isDark() ? 'light' : 'dark') },
    { id: 'language', label: t('switchLanguage'), icon: 'sun', run: () => chooseLanguage(language.peek() === 'zh' ? 'en' : 'zh') },
  ];
  return [
    { id: 'palette', label: t('palette'), icon: 'palette', keys: 'mod+k', isHidden: true, run: () => openDialog('palette') },
    { id: 'shortcuts-mod', label: t('shortcuts'), keys: 'mod+/', isHidden: true, run: () => openDialog('shortcuts') },
    ...everywhere(listed),
  ];
}

const everywhere = (list: readonly Command[]): Command[] => list.map((command) => ({ ...command, group: 'everywhere' }));

/** Commands that lead to other views or need a gateway. */
function gatewayCommands(): Command[] {
  const goTo = VIEWS.map(({ id, key }) => ({
    id: `view-${id}`,
    label: t(id),
    group: 'go' as const,
    icon: id,
    keys: `g ${key}`,
    run: () => navigate(hashOf(id)),
  }));
  const chat: Command = { id: 'new-chat', label: t('newChat'), icon: 'plus', keys: 'mod+shift+o', run: () => navigate(hashOf('chat')) };
  const own: Command[] = [
    { id: 'settings', label: t('settings'), icon: 'settings', run: () => openDialog('settings') },
    { id: 'rail', label: t(isRailFolded.value ? 'unfoldRail' : 'foldRail'), icon: 'panel', keys: 'mod+b', run: foldRail },
  ];
  return [...goTo, ...everywhere([chat, ...copyModeCommands(), ...own])];
}

export function App() {
  // Before the paint, so that a visible page already accepts its keys.
  useLayoutEffect(listenForKeys, []);
  // A server without a gateway has one view only.
  const { only } = session.value;
  useCommands([...(only === undefined ? gatewayCommands() : []), ...shellCommands()]);
  const { view: addressed, query } = address.value;
  const id = only ?? addressed;
  const view = VIEWS.find((known) => known.id === id);
  // `?bare=1` shows the view alone, for embedding.
  const isBare = only !== undefined || query['bare'] === '1';
  const frame = isRailFolded.value ? 'frame folded' : 'frame';
  return (
    <div class={isBare ? 'frame bare' : frame}>
      <a
        class="skip"
        href="#content"
        onClick={(event) => {
          event.preventDefault();
          document.getElementById('content')?.focus();
        }}
      >
        {t('skip')}
      </a>
      {!isBare && <Navigation current={id} />}
      <div class="column">
        {only === undefined && <Banners />}
        <main id="content" tabIndex={-1} aria-label={view === undefined ? undefined : t(view.id)}>
          {view === undefined ? (
            <Empty
              title={t('notFound')}
              action={<Button text={t('goToChat')} onClick={() => navigate(hashOf(VIEWS[0]?.id ?? 'chat'))} />}
            />
          ) : (
            <ShownView key={view.id} view={view} />
          )}
        </main>
      </div>
      <Toasts />
      <Dialogs />
    </div>
  );
}
