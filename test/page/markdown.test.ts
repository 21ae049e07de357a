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
