import { expect, test } from 'vitest';
import { distinct, type Page, withPage } from '../../../../webui/src/views/sessions/session-pages.js';

type Session = Page['sessions'][number];

/** @param minute  a later one comes first */
const session = (key: string, minute: number, more: Partial<Session> = {}): Session =>
  ({ key, pinned: false, archived: false, updatedAt: new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString(), ...more }) as Session;
const page = (cursor: string | undefined, sessions: readonly Session[], next: string | null): Page => ({ cursor, sessions, next });
const keysOf = (pages: readonly Page[]): string =>
  distinct(pages)
    .map(({ key }) => key)
    .join('');

const [a, b, c, d, e, f] = [session('a', 60), session('b', 50), session('c', 40), session('d', 30), session('e', 20), session('f', 10)];
const PAGES = [page(undefined, [a, b], '1'), page('1', [c, d], '2'), page('2', [e, f], null)];

test('a page that was read again keeps those behind it when it reaches them, and none is shown twice', () => {
  const fresh = page(undefined, [session('e', 70), a, b, c], '1');
  expect(keysOf(withPage(PAGES, 0, fresh))).toBe('eabcdf');
  expect(keysOf(withPage(PAGES, 1, page('1', [c, e], '2')))).toBe('abcef');
});

test('pages behind a gap are dropped: what came in between would never be shown', () => {
  const many = [session('x', 90), session('y', 80), session('z', 70), a];
  expect(keysOf(withPage(PAGES, 0, page(undefined, many, '0')))).toBe('xyza');
});

test('sessions of the same moment are no gap when the next page’s first one is there unmoved', () => {
  const same = [session('a', 5), session('b', 5), session('c', 5), session('d', 5)];
  const pages = [page(undefined, same.slice(0, 2), '1'), page('1', same.slice(2), null)];
  expect(keysOf(withPage(pages, 0, page(undefined, same.slice(0, 3), '1')))).toBe('abcd');
  expect(keysOf(withPage(pages, 0, page(undefined, [session('x', 5), session('a', 5)], '1')))).toBe('xa');
  // One that was pinned is at the top, and not where it was.
  const pinned = [session('c', 5, { pinned: true }), session('a', 5)];
  expect(keysOf(withPage(pages, 0, page(undefined, pinned, '1')))).toBe('ca');
});

test('where the last page ends, nothing follows it', () => {
  expect(keysOf(withPage(PAGES, 1, page('1', [c], null)))).toBe('abc');
  expect(keysOf(withPage(PAGES, 2, page('2', [e], null)))).toBe('abcde');
});
