/** The list alone, in a page that decides when items come: a jump to an item, while others arrive. */
import { expect, test } from 'vitest';
import { noBrowser, openPage } from '../helpers/browser.js';
import { serveComponents } from '../helpers/component-page.js';

/** Rows of three heights, so that a position is right only once they are measured. */
const SCRIPT = `
  import { render } from 'preact';
  import { VirtualList } from './components/virtual-list/virtual-list.js';

  const rows = (from: number, until: number) => Array.from({ length: until - from }, (_, index) => from + index);
  const handle = { current: null as { show(index: number, options?: object): void } | null };
  const ends: boolean[] = [];
  let items = rows(0, 1_000);

  function draw(): void {
    const row = (item: number) => <button style={{ height: 20 + (item % 3) * 14 + 'px' }}>Row {item}</button>;
    render(
      <VirtualList items={items} keyOf={(item) => item} rowHeight={20} label="Rows" render={row} followsEnd handle={handle} onEnd={(isAtEnd) => ends.push(isAtEnd)} />,
      document.body,
    );
  }

  function add(above: number, below: number): void {
    const first = items[0] ?? 0;
    items = [...rows(first - above, first), ...items, ...rows((items.at(-1) ?? 0) + 1, (items.at(-1) ?? 0) + 1 + below)];
    draw();
  }

  Object.assign(window, { ends, add, show: (item: number) => handle.current?.show(items.indexOf(item), { align: 'center' }) });
  draw();
`;

const serveList = (): Promise<string> => serveComponents(SCRIPT, 'body { height: 400px; display: flex }');

test.skipIf(noBrowser).each([
  ['below', 0, 5],
  ['above', 300, 0],
  ['above and below', 300, 5],
])('a jump from the followed end reaches its row, although rows come %s meanwhile', async (...[, above, below]) => {
  const page = await openPage(await serveList());
  await expect.poll(() => page.evaluate('ends.at(-1)')).toBe(true);
  // In one task: the list has not scrolled yet when its items change.
  await page.evaluate(`show(500); add(${above}, ${below})`);
  const row = page.getByRole('button', { name: 'Row 500', exact: true });
  await expect.poll(() => row.evaluate((button: { matches(selector: string): boolean }) => button.matches(':focus'))).toBe(true);
  await expect.poll(() => page.evaluate('ends.at(-1)')).toBe(false);
  await expect.poll(async () => (await row.boundingBox())?.y ?? -1).toSatisfy((y: number) => y >= 0 && y < 400);
});

test.skipIf(noBrowser)('a followed end is kept when the list gets room back for a moment, too short to be observed', async () => {
  const page = await openPage(await serveList());
  await expect.poll(() => page.evaluate('ends.at(-1)')).toBe(true);
  const script = `(async () => {
    const list = document.querySelector('.virtual-list');
    const settle = async () => { for (let frame = 0; frame < 5; frame += 1) await new Promise((done) => requestAnimationFrame(done)); };
    document.body.style.height = '358px';
    await settle();
    document.body.style.height = '400px';
    // The layout in which the browser moves the list to its end.
    void list.scrollTop;
    document.body.style.height = '358px';
    await settle();
    return list.scrollHeight - list.scrollTop - list.clientHeight;
  })()`;
  expect(await page.evaluate(script)).toBe(0);
  expect(await page.evaluate('ends')).toEqual([true]);
});
