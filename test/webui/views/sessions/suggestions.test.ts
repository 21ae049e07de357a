import { expect, test, vi } from 'vitest';

vi.stubGlobal('location', new URL('http://localhost:18790/'));
vi.stubGlobal('navigator', { language: 'en' });
vi.stubGlobal('document', { documentElement: {} });
vi.stubGlobal('window', new EventTarget());
// By a name that the compiler does not follow: it is code of the browser.
const source = '../../../../webui/src/views/sessions/suggestions.js';
const { hasFilter, toggleFilter } = (await import(source)) as {
  hasFilter(search: string, filter: string): boolean;
  toggleFilter(search: string, filter: string): string;
};

test.each([
  ['', 'is:unread', 'is:unread'],
  ['harbour  is:pinned', 'tag:work', 'harbour is:pinned tag:work'],
  ['"two words" tag:"of them"', 'tag:"of others"', '"two words" tag:"of them" tag:"of others"'],
])('to %j is added %j, and removed again', (search, filter, both) => {
  expect(hasFilter(search, filter)).toBe(false);
  expect(toggleFilter(search, filter)).toBe(both);
  expect(hasFilter(both, filter)).toBe(true);
  expect(toggleFilter(both, filter)).toBe(search.replace('  ', ' '));
});
