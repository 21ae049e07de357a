/**
 * The page's script: signs in by itself, with the link that `xopc gateway open` printed, or with the token as it is typed, and
 * shows the gateway's status. The browser keeps the session, the script nothing. Plain text of a file, as browsers run it.
 */
import { PAGE_LINK_FRAGMENT } from '../../../../shared/page-link.js';

export const SCRIPT = `'use strict';
(() => {
  const element = (id) => document.getElementById(id);

  function tell(text) {
    element('access').hidden = false;
    element('notice').textContent = text;
  }

  function askForToken(text) {
    element('facts').hidden = true;
    element('sign-in').hidden = false;
    tell(text);
  }

  async function call(method, path, { token, body } = {}) {
    const headers = token ? { Authorization: 'Bearer ' + token } : {};
    if (body) headers['Content-Type'] = 'application/json';
    const response = await fetch('.' + path, { method, headers, cache: 'no-store', body: body && JSON.stringify(body) });
    const document = await response.json().catch(() => ({}));
    return { ok: response.ok, status: response.status, body: document };
  }

  const failure = ({ status, body }) => (body.error ? body.error.message : 'The gateway answered with status ' + status + '.');

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

  async function showStatus() {
    const answer = await call('GET', '/api/status');
    if (!answer.ok) return tell(failure(answer));
    const { body } = answer;
    const channels = Object.entries((body.worker && body.worker.channels) || {});
    showFacts([
      ['State', body.state],
      ['Process', 'pid ' + body.pid + ', version ' + body.version],
      ['Address', body.host + ':' + body.port],
      ['Restarts', body.restarts.planned + ' planned, ' + body.restarts.crashes + ' crashes'],
      ['Channels', channels.map(([name, channel]) => name + ' ' + channel.state).join(', ') || 'none'],
      ['Warnings', body.warnings.map((warning) => warning.message).join(' ') || 'none'],
    ]);
  }

  async function signIn(options) {
    const answer = await call('POST', '/api/page-session', options);
    if (answer.status === 401 || answer.status === 429) return askForToken(failure(answer));
    if (!answer.ok) return tell(failure(answer));
    element('sign-in').hidden = true;
    tell(answer.body.signedIn ? 'This browser is signed in.' : 'Requests from here need no token.');
    await showStatus();
  }

  function start() {
    const { hash, pathname } = location;
    const link = hash.startsWith('${PAGE_LINK_FRAGMENT}') ? hash.slice(${PAGE_LINK_FRAGMENT.length}) : undefined;
    if (link !== undefined) history.replaceState(null, '', pathname);
    signIn(link === undefined ? {} : { body: { link } }).catch((error) => tell(error.message));
  }

  element('sign-in').addEventListener('submit', (event) => {
    event.preventDefault();
    signIn({ token: element('token').value.trim() }).catch((error) => tell(error.message));
  });
  window.addEventListener('hashchange', start);
  start();
})();
`;
