/** Entry of the page: redeems the ticket of a one-time link, then shows the shell. */
import { render } from 'preact';
import type { z } from 'zod';
import type { pageTokenResponse } from '../../shared/api/gateway/page-links.js';
import { PAGE_LINK_FRAGMENT } from '../../shared/page-link.js';
import { apiPath, call } from './api/client.js';
import { askForToken, keepToken } from './api/token.js';
import { pageSocket, startSocket } from './api/socket.js';
import { App } from './shell/app.js';
import { hashOf, navigate } from './shell/router.js';
import './styles/tokens.css';
import './styles/base.css';
import './styles/shell.css';
import './styles/components.css';

/** Redeems the ticket. It is removed from the address first, so that it does not stay in the history. */
async function takeLink(): Promise<void> {
  if (!location.hash.startsWith(PAGE_LINK_FRAGMENT)) return;
  const ticket = location.hash.slice(PAGE_LINK_FRAGMENT.length);
  navigate(hashOf('chat'), { replace: true });
  try {
    const { token } = await call<z.output<ReturnType<typeof pageTokenResponse>>>('POST', apiPath('/api/page-links/:ticket', { ticket }));
    keepToken(token, { remember: false });
  } catch {
    void askForToken('linkUsed');
  }
}

const place = document.getElementById('page');
if (place !== null) {
  void takeLink().then(() => {
    startSocket();
    // A link opened in this tab changes only the address.
    window.addEventListener('hashchange', () => void takeLink().then(() => pageSocket.wake()));
    render(<App />, place);
  });
}
