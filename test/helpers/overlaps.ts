/** What lies over what on a page. */
import type { Page } from 'playwright-core';

/**
 * Evaluated in the page: texts and controls of which parts are seen, and the pairs whose parts lie over one another. What is placed above the
 * rest on purpose (fixed, sticky, absolute) is compared with its own parts only.
 */
const FIND = `(() => {
  const TOLERANCE_PX = 2;
  const CONTROLS = 'button, input, select, textarea, summary, img, [role=img]';
  const cut = (one, other) => {
    const [left, top] = [Math.max(one.left, other.left), Math.max(one.top, other.top)];
    const [right, bottom] = [Math.min(one.right, other.right), Math.min(one.bottom, other.bottom)];
    return { left, top, right, bottom };
  };
  const isThere = ({ left, top, right, bottom }) => right - left > TOLERANCE_PX && bottom - top > TOLERANCE_PX;
  const ancestors = (element) => (element === null ? [] : [element, ...ancestors(element.parentElement)]);
  const layerOf = (element) => ancestors(element).find((each) => !['static', 'relative'].includes(getComputedStyle(each).position));
  const seen = (node, rects, parents) => {
    const element = node instanceof Element ? node : node.parentElement;
    if (!element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) return [];
    const clipping = parents.filter((each) => getComputedStyle(each).overflow !== 'visible').map((each) => each.getBoundingClientRect());
    return [...rects].map((rect) => clipping.reduce(cut, rect)).filter(isThere);
  };
  const found = [];
  const add = (node, rects, parents, name) => {
    const parts = seen(node, rects, parents);
    if (parts.length > 0) found.push({ node, parts, layer: layerOf(node instanceof Element ? node : node.parentElement), name });
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const { currentNode: node } = texts;
    if (node.data.trim() === '' || node.parentElement.closest('script, style, noscript') !== null) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    add(node, range.getClientRects(), ancestors(node.parentElement), node.data.trim());
  }
  for (const control of document.querySelectorAll(CONTROLS))
    add(control, [control.getBoundingClientRect()], ancestors(control.parentElement), '[' + (control.getAttribute('aria-label') ?? control.textContent) + ']');
  const isOver = (one, other) => one.parts.some((part) => other.parts.some((another) => isThere(cut(part, another))));
  return found.flatMap((one, index) =>
    found
      .slice(index + 1)
      .filter((other) => one.layer === other.layer && !one.node.contains(other.node) && !other.node.contains(one.node) && isOver(one, other))
      .map((other) => one.name + ' × ' + other.name),
  );
})()`;

/** Returns the pairs of texts and controls that lie over one another, each by its words. */
export async function findOverlaps(page: Page): Promise<string[]> {
  await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
  return page.evaluate<string[]>(FIND);
}
