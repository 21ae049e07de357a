/** Keys while an input method composes a word: they choose among its words, and belong to no field. */
import { expect, test } from 'vitest';
import { noBrowser, openPage } from '../helpers/browser.js';
import { serveComponents } from '../helpers/component-page.js';

const SCRIPT = `
  import { render } from 'preact';
  import { ApprovalCard } from './views/chat/approvals/card.js';
  import { SearchBox } from './views/sessions/search-box.js';
  import { Toolbar } from './views/logs/toolbar.js';

  const nothing = () => undefined;
  const approval = { id: 1, tool: 'exec', said: '', input: {}, state: 'pending', agentId: 'main', expiresAt: '2026-11-24T14:05:09.120Z' };
  const view = { search: 'log', isRegex: false, isFind: false, level: undefined, since: '', until: '' };
  render(
    <>
      <SearchBox search="" known={{ sessions: [], tags: [] }} onFocus={nothing} onLeave={nothing} />
      <Toolbar view={view} counts={undefined} match={undefined} searchField={{ current: null }} />
      <ApprovalCard approval={approval} />
    </>,
    document.body,
  );
`;

const KEYS = ['Enter', 'Escape', 'ArrowDown', 'ArrowUp', 'Tab'];

/** Which of the keys a field takes, pressed while a word is composed or not. */
const taken = (isComposing: boolean): string => `${JSON.stringify(KEYS)}.filter((key) => !document.activeElement.dispatchEvent(
  new KeyboardEvent('keydown', { key, isComposing: ${isComposing}, bubbles: true, cancelable: true })))`;

test.skipIf(noBrowser)('no field takes a key while a word is composed', async () => {
  const page = await openPage(await serveComponents(SCRIPT));
  await page.getByRole('button', { name: 'Deny' }).click();
  const suggesting = page.getByRole('combobox', { name: 'Search' });
  await suggesting.fill('a');
  await page.getByRole('option', { name: 'after:' }).waitFor();
  for (const field of [suggesting, page.getByRole('searchbox'), page.getByRole('textbox')]) {
    await field.focus();
    expect.soft(await page.evaluate(taken(true)), String(field)).toEqual([]);
    expect.soft(await page.evaluate(taken(false)), String(field)).toContain('Escape');
  }
});
