/**
 * The page's script: takes the ticket of a link that `xopc gateway open` printed, or the token as it is typed, keeps
 * the token for this tab only, and shows the gateway's status with it. Plain text of a file, as browsers run it.
 */
import { PAGE_LINK_FRAGMENT } from '../../../../shared/page-link.js';

export const SCRIPT = `'use strict';
(() => {
  const KEY = 'xopc.token';
  const element = (id) => document.getElementById(id);

  function tell(text) {
    element('access').hidden = false;
    element('notice').textContent = text;
  }

  function askForToken(text) {
    sessionStorage.removeItem(KEY);
    element('facts').hidden = true;
    element('sign-in').hidden = false;
    tell(text);
  }

  async function call(method, path, token) {
    const headers = token ? { Authorization: 'Bearer ' + token } : {};
    const response = await fetch(path, { method, headers, cache: 'no-store' });
    const body = await response.json().catch(() => ({}));
    return { ok: response.ok, status: response.status, body };
  }

  function showFacts(rows) {
    const list = element('facts');
    list.replaceChildren();
    for (const [name, value] of rows) {
      const term = document.createElement('dt');
      const text = document.createElement('dd');
      term.textContent = name;
      text.textContent = value;
      list.append(term, text);
    }
    list.hidden = false;
  }

  async function showStatus(token) {
    const { ok, status, body } = await call('GET', '/api/status', token);
    if (status === 401 || status === 429) return askForToken(token ? 'Wrong access token.' : 'Requests need the access token.');
    if (!ok) return tell(body.error ? body.error.message : 'The gateway answered with status ' + status + '.');
    if (token) sessionStorage.setItem(KEY, token);
    element('sign-in').hidden = true;
    const channels = Object.entries((body.worker && body.worker.channels) || {});
    showFacts([
      ['State', body.state],
      ['Process', 'pid ' + body.pid + ', version ' + body.version],
      ['Address', body.host + ':' + body.port],
      ['Restarts', body.restarts.planned + ' planned, ' + body.restarts.crashes + ' crashes'],
      ['Channels', channels.map(([name, channel]) => name + ' ' + channel.state).join(', ') || 'none'],
      ['Warnings', body.warnings.map((warning) => warning.message).join(' ') || 'none'],
    ]);
    tell(token ? 'Signed in until this tab is closed.' : 'Requests from this machine need no token.');
  }

  async function takeLink() {
    if (!location.hash.startsWith('${PAGE_LINK_FRAGMENT}')) return sessionStorage.getItem(KEY);
    const ticket = location.hash.slice(${PAGE_LINK_FRAGMENT.length});
    history.replaceState(null, '', location.pathname);
    const { ok, body } = await call('POST', '/api/page-links/' + encodeURIComponent(ticket));
    if (ok) return body.token;
    throw new Error('This link was already used or has expired. Print a new one with: xopc gateway open');
  }

  async function start() {
    try {
      await showStatus(await takeLink());
    } catch (error) {
      askForToken(error.message);
    }
  }

  element('sign-in').addEventListener('submit', (event) => {
    event.preventDefault();
    showStatus(element('token').value.trim()).catch((error) => tell(error.message));
  });
  window.addEventListener('hashchange', start);
  start();
})();
`;
