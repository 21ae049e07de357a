import { expect, test } from 'vitest';
import { expectAccessible, noBrowser, openPage } from '../helpers/browser.js';
import { serveComponents } from '../helpers/component-page.js';

const TEXT = [
  'Then \\(a+b\\) and',
  '\\[c^2\\] with \\*no emphasis\\*.',
  '',
  '- [x] Buy milk',
  '- [ ] Water the plants',
  '',
  '> اقتباس',
  '',
  '| narrow |',
  '| --- |',
  '| 1 |',
  '',
  `| ${Array.from({ length: 12 }, (_, column) => `Column${column}`).join(' | ')} |`,
  `|${' --- |'.repeat(12)}`,
].join('\n');

const SCRIPT = `
  import { render } from 'preact';
  import './styles/tokens.css';
  import './styles/base.css';
  import { Markdown, loadMarkdown } from './components/markdown/markdown.js';

  loadMarkdown();
  render(<main><h1>Text</h1><Markdown text={${JSON.stringify(TEXT)}} /></main>, document.body);
`;

test.skipIf(noBrowser)('formulas keep their delimiters, tasks have names, wide tables are scrolled by keyboard', async () => {
  const page = await openPage(await serveComponents(SCRIPT), { size: 'narrow' });
  await page.getByText('Then \\(a+b\\) and').waitFor();
  await page.getByText('\\[c^2\\] with *no emphasis*.').waitFor();
  expect(await page.getByRole('checkbox', { name: 'Buy milk' }).isChecked()).toBe(true);
  expect(await page.getByRole('checkbox', { name: 'Water the plants' }).isChecked()).toBe(false);
  const borders = `(() => {
    const { borderRightWidth, borderLeftWidth } = getComputedStyle(document.querySelector('blockquote'));
    return [borderRightWidth, borderLeftWidth];
  })()`;
  const quotation = await page.evaluate(borders);
  expect(quotation).toEqual(['2px', '0px']);
  const tables = page.getByRole('region', { name: 'Table' });
  await tables.waitFor();
  expect(await tables.count()).toBe(1);
  await tables.focus();
  await page.keyboard.press('ArrowRight');
  await expect.poll(() => page.evaluate<number>(`document.querySelector('[role=region]').scrollLeft`)).toBeGreaterThan(0);
  await expectAccessible(page);
});

const BROKEN = `
  import { render } from 'preact';
  import './styles/tokens.css';
  import { Markdown, loadMarkdown } from './components/markdown/markdown.js';

  DOMParser.prototype.parseFromString = () => {
    throw new Error('broken renderer');
  };
  loadMarkdown();
  window.show = (text) => render(<main><p>Before</p><Markdown text={text} /><button>Approve</button></main>, document.body);
`;

test.skipIf(noBrowser)('a text whose rendering fails is shown verbatim, and the rest as usual', async () => {
  const page = await openPage(await serveComponents(BROKEN), { allowedErrors: /broken renderer/ });
  const shown = (): Promise<string> => page.locator('main').innerHTML();
  const around = (text: string): string => `<p>Before</p>${text}<button>Approve</button>`;
  const grow = (text: string): Promise<void> => page.evaluate(`window.show(${JSON.stringify(text)})`);
  await grow('**one**');
  await page.locator('strong', { hasText: 'one' }).waitFor();
  // An answer grows, and then there is another one.
  await grow('**one** &copy;');
  await expect.poll(shown).toBe(around('<p class="markdown unread">**one** &amp;copy;</p>'));
  await grow('**one** &copy; two');
  await expect.poll(shown).toBe(around('<p class="markdown unread">**one** &amp;copy; two</p>'));
  await grow('**three**');
  await page.locator('strong', { hasText: 'three' }).waitFor();
  expect(await shown()).toMatch(/^<p>Before<\/p>.*<button>Approve<\/button>$/);
});
