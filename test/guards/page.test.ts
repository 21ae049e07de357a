import { expect, test } from 'vitest';
import { describeRoutes } from '../helpers/openapi-check.js';
import { readAllSources, type SourceFile } from './source-tree.js';

const page = readAllSources().filter(({ path }) => path.startsWith('webui/src/'));

interface NamedRoute {
  readonly place: string;
  /** Undefined where the method stands elsewhere. */
  readonly method: string | undefined;
  readonly path: string;
}

/** Every path of the API that the page's source names. */
function routesIn({ path: place, text }: SourceFile): NamedRoute[] {
  const named = [
    ...text.matchAll(/(?:'(GET|POST|PATCH|DELETE)',\s*(?:apiPath\(\s*)?)?'(\/(?:api\/|v1\/|health|openapi|metrics|ws)[^'\s?]*)'/g),
  ];
  return named.map(([, method, path = '']) => ({ place, method, path }));
}

test('the page calls no route that the API document lacks', () => {
  const paths: Readonly<Record<string, Readonly<Record<string, unknown>>>> = describeRoutes('1').paths;
  const named = page.flatMap(routesIn);
  // The WebSocket's path is no HTTP route; docs/api.md describes it.
  const unknown = named.filter(({ path, method }) => {
    const known = paths[path.replace(/:(\w+)/g, '{$1}')];
    return path !== '/ws' && (known === undefined || (method !== undefined && known[method.toLowerCase()] === undefined));
  });
  expect(named.length).toBeGreaterThan(3);
  expect(unknown).toEqual([]);
});

test('the page builds no path by hand, which the comparison would not see', () => {
  const built = page.flatMap(({ path, text }) =>
    [...text.matchAll(/`\/(?:api|v1)\/[^`]*\$\{[^`]*`/g)].map(([found]) => `${path}: ${found}`),
  );
  expect(built).toEqual([]);
});

/** Text between tags, and in attributes that people read or hear. Units and marks are no words. */
const BETWEEN_TAGS = /<(?:[a-z][\w-]*|[A-Z]\w*)(?:\s[^<>]*)?>\s*([A-Za-z][^<>{}]*[A-Za-z])\s*<\//g;
const LINE_OF_WORDS = /^\s*([A-Z][\w’',-]*(?: [\w’',-]+)+[.…!?]?)\s*$/gm;
const ATTRIBUTE = /\s(?:aria-label|title|placeholder|label|hint|alt)="([^"]*[A-Za-z][^"]*)"/g;

test('every string that a person reads in the page comes from a table of text', () => {
  const views = page.filter(({ path }) => path.endsWith('.tsx'));
  const found = views.flatMap(({ path, text }) => {
    const code = text.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
    const strings = [BETWEEN_TAGS, LINE_OF_WORDS, ATTRIBUTE].flatMap((pattern) => [...code.matchAll(pattern)].map(([, words]) => words));
    // The name of the program, commands to type, and addresses are the same in every language.
    return strings.filter((words = '') => !/^(?:xopc\b|https?:)/.test(words)).map((words) => `${path}: ${words}`);
  });
  expect(views.length).toBeGreaterThan(5);
  expect(found).toEqual([]);
});
