/** Entry of the page: shows the shell, and signs in, with the ticket of a one-time link if there is one. */
import { render } from 'preact';
import { PAGE_LINK_FRAGMENT } from '../../shared/page-link.js';
import { askForSignIn, entry, session, signIn } from './api/session.js';
import { pageSocket, startSocket } from './api/socket.js';
import { leaveUnasked } from './browser/leaving.js';
import { App } from './shell/app.js';
import { hashOf, navigate } from './shell/router.js';
import { preload, retryStyles } from './shell/views.js';
import { onSettingChanged, SIGNED_OUT } from './settings.js';
import './styles/inter-like.css';
import './styles/tokens.css';
import './styles/base.css';
import './styles/shell.css';
import './styles/layout.css';

/** Returns the ticket of a link, and removes it from the address first, so that it does not stay in the history. */
function takeTicket(): string | undefined {
  if (!location.hash.startsWith(PAGE_LINK_FRAGMENT)) return undefined;
  const ticket = location.hash.slice(PAGE_LINK_FRAGMENT.length);
  navigate(hashOf('chat'), { replace: true });
  return ticket;
}

/** A used link may have been used by this browser itself. A gateway that does not answer is reported by the connection. */
async function enter(link: string | undefined): Promise<void> {
  const isSignedIn = await signIn(link === undefined ? {} : { link })
    .then((isDone) => isDone || (link !== undefined && signIn()))
    .catch(() => true);
  if (!isSignedIn && (link !== undefined || session.peek().needsToken)) void askForSignIn(link === undefined ? 'wanted' : 'linkUsed');
}

/** Called once it is known whether the page is signed in. */
function begin(): void {
  const { only } = session.peek();
  window.addEventListener('hashchange', enterAgain);
  onSettingChanged(SIGNED_OUT, leaveUnasked);
  // Without the navigation also after a reload, before this is known again.
  if (only !== undefined) return navigate(hashOf(only, [], { bare: '1' }), { replace: true });
  startSocket();
  void preload();
}

/** A link opened in this tab changes only the address. */
function enterAgain(): void {
  const link = takeTicket();
  if (link !== undefined) void enter(link).then(() => session.peek().only ?? pageSocket.wake());
}

const place = document.getElementById('page');
const isDesign = import.meta.env.XOPC_PAGE_DESIGN && location.hash.startsWith('#/design');
if (place !== null && isDesign) {
  void import('./design/main.js').then(({ default: Design }) => render(<Design />, place));
  void import('./styles/inter.css');
} else if (place !== null) {
  // Before the first view is loaded.
  addEventListener('error', retryStyles, true);
  const link = takeTicket();
  entry.value = enter(link).then(begin);
  // A link may be to the log without a gateway, where nothing but the log is shown.
  void (link === undefined ? Promise.resolve() : entry.peek()).then(() => {
    render(<App />, place);
    // After the first paint, which uses the system's font.
    requestAnimationFrame(() => void import('./styles/inter.css'));
  });
}
