import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ERRORS } from '../../shared/errors.js';
import { sessionCookies } from '../../shared/node/own-origin.js';
import { SENTENCES } from '../../shared/text/sentences/known.js';
import { REASONS } from '../../shared/text/reasons.js';
import { describeRoutes } from '../../daemon/worker/http/openapi/describe-routes.js';
import { listFiles, readAllSources, root, type SourceFile } from './source-tree.js';

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

test('the page calls no route at which its session does not count', () => {
  const headers = { cookie: 'xopc_1=x', origin: 'http://localhost', host: 'localhost' };
  const request = { method: 'POST', headers } as unknown as IncomingMessage;
  const refused = page.flatMap(routesIn).filter(({ path }) => sessionCookies(request, path) === undefined);
  expect(refused).toEqual([]);
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
  // The page of all components is for developers.
  const views = page.filter(({ path }) => path.endsWith('.tsx') && !path.startsWith('webui/src/design/'));
  const found = views.flatMap(({ path, text }) => {
    const code = text.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
    const strings = [BETWEEN_TAGS, LINE_OF_WORDS, ATTRIBUTE].flatMap((pattern) => [...code.matchAll(pattern)].map(([, words]) => words));
    // The name of the program, commands to type, and addresses are the same in every language.
    return strings.filter((words = '') => !/^(?:xopc\b|https?:)/.test(words)).map((words) => `${path}: ${words}`);
  });
  expect(views.length).toBeGreaterThan(5);
  expect(found).toEqual([]);
});

/** Riddles, coined words, and sentences that a reader must decipher; the standard term is beside each. */
const REFUSED_WORDS: readonly (readonly [refused: RegExp, say: string])[] = [
  [/\bis none\b/, 'there is no …'],
  [/\bthat it is no\b|\bis no session key\b/, 'invalid …'],
  [/\b(?:was|is|are|been|when it is) told\b/, 'name the actor and the action'],
  [/\bput right\b/, 'issues'],
  [/\bgiven anew\b|\basked for anew\b/, 'again'],
  [/\bgiven back\b/, 'failed to release …'],
  [/\bcut turn\b|\bturn (?:was|is) cut\b/, 'interrupted turn'],
  [/\bspoken text\b/, 'live text'],
  [/\bno way to\b/, 'unreachable'],
  [/\bway that it should not\b/, 'unexpected …'],
  [/\bwithout an end\b/, 'without a terminal event'],
  [/\bnonoptional\b/, "'…' is required"],
  [/\bwants its token\b/, 'Sign in · Access token'],
  [/\bas configured\b/i, 'Default (name)'],
  [/\bmoves without a restart\b/, 'applies without a restart'],
  [/\btake out of the archive\b/i, 'Unarchive'],
  [/\bfor ever\b/i, 'Forever'],
  [/\bis not known\b/, 'unknown'],
  [/\bhere it can be read\b/i, 'Read-only'],
  [/\bis not done\b/, 'is shown instead of run'],
  [/\bstop that\b/i, 'Exit'],
];

test('no English text of the page has words that a reader must decipher', () => {
  const files = listFiles('webui/src/i18n/en', /\.json$/);
  const found = files.flatMap((path) =>
    Object.entries(JSON.parse(readFileSync(join(root, path), 'utf8')) as Record<string, string>).flatMap(([key, text]) =>
      REFUSED_WORDS.filter(([refused]) => refused.test(text)).map(([, say]) => `${path} ${key}: '${text}', say '${say}'`),
    ),
  );
  expect(files.length).toBeGreaterThan(5);
  expect(found).toEqual([]);
});

test('no table of texts has a key twice: the later text would silently take the place of the earlier one', () => {
  const twice = listFiles('webui/src/i18n', /\.json$/).flatMap((path) => {
    const keys = Array.from(readFileSync(join(root, path), 'utf8').matchAll(/^ {2}"([^"]+)": "/gm), ([, key]) => key);
    return keys.filter((key, index) => keys.indexOf(key) !== index).map((key) => `${path} ${key}`);
  });
  expect(twice).toEqual([]);
});

test('each code of an error has words of the page in both languages, or is shown as it is', () => {
  const codes = ['en', 'zh'].map((language) => {
    const table = readFileSync(join(root, `webui/src/i18n/${language}/errors.json`), 'utf8');
    return Object.keys(JSON.parse(table) as Record<string, string>);
  });
  const source = readFileSync(join(root, 'webui/src/components/feedback/error-words.ts'), 'utf8');
  const shown = /type ShownAsIs =([^;]*);/.exec(source)?.[1]?.match(/[A-Z]+(?:_[A-Z]+)*/g) ?? [];
  for (const worded of codes) expect([...worded, ...shown].toSorted()).toEqual(Object.keys(ERRORS).toSorted());
});

test('each reason that the API names by a code has words of the page in Chinese too, with the same values', () => {
  const chinese = JSON.parse(readFileSync(join(root, 'webui/src/i18n/zh/reasons.json'), 'utf8')) as Record<string, string>;
  const valuesIn = (text: string): string[] => [...new Set([...text.matchAll(/\{(\w+)[:}]/g)].map(([, name = '']) => name))].toSorted();
  const wanted = Object.entries({ ...REASONS, ...SENTENCES }).map(([code, text]) => [code, valuesIn(text)]);
  expect(Object.entries(chinese).map(([code, text]) => [code, valuesIn(text)])).toEqual(wanted);
});

test('style sheets take their colours from the page’s values, so that both themes have them', () => {
  const files = listFiles('webui/src', /\.css$/).filter((path) => !path.endsWith('/tokens.css'));
  const found = files.flatMap((path) =>
    readFileSync(join(root, path), 'utf8')
      .replace(/\/\*[\s\S]*?\*\//g, '')
      .split('\n')
      .filter((line) => /#[0-9a-f]{3,8}\b(?!.*\{)|\b(?:rgba?|hsla?|oklch|lab|lch)\(/i.test(line))
      .map((line) => `${path}: ${line.trim()}`),
  );
  expect(files.length).toBeGreaterThan(10);
  expect(found).toEqual([]);
});
