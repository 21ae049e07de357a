import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { beforeAll, expect, test } from 'vitest';
import { packPage } from '../../bin/bundle/page-pack.mjs';
import { describeRoutes } from '../../daemon/worker/http/openapi/describe-routes.js';
import { root } from './source-tree.js';

interface Packed {
  readonly type: string;
  readonly gzip: string;
}

let files: Record<string, Packed> = {};

beforeAll(async () => {
  files = JSON.parse((await packPage(root))?.text ?? '{}') as Record<string, Packed>;
}, 60_000);

const textOf = (path: string): string => gunzipSync(Buffer.from(files[path]?.gzip ?? '', 'base64')).toString('utf8');
const sizeOf = (path: string): number => Buffer.from(files[path]?.gzip ?? '', 'base64').length;

/** What the document itself asks for. */
const firstLoad = (): string[] => [
  '/index.html',
  ...[...textOf('/index.html').matchAll(/(?:src|href)="\.?(\/assets\/[^"]+)"/g)].map(([, path = '']) => path),
];

/** A rise is a decision, not an accident. */
test('the page’s shell is at most 55 KB at first load, and no view is larger than that', () => {
  const shell = firstLoad();
  expect(shell.length).toBeGreaterThan(2);
  expect(shell.filter((path) => files[path] === undefined)).toEqual([]);
  expect(shell.reduce((sum, path) => sum + sizeOf(path), 0)).toBeLessThan(55 * 1024);
  // CodeMirror, which the editor of the configuration file loads when it is opened.
  const limitOf = (path: string): number => (path.startsWith('/assets/code-mirror-') ? 115 : 55) * 1024;
  expect(Object.keys(files).filter((path) => path.startsWith('/assets/') && sizeOf(path) > limitOf(path))).toEqual([]);
});

test('the document has nothing inline but its icon, and nothing in the page names another origin to load from', () => {
  const html = textOf('/index.html');
  expect(html).not.toMatch(/<style|style=|\son\w+=|<script(?![^>]*\ssrc=)/);
  expect(html).not.toMatch(/(?:src|href)="(?!\.?\/assets\/|data:image\/svg\+xml,)/);
  const styles = Object.keys(files).filter((path) => path.endsWith('.css'));
  expect(styles.length).toBeGreaterThan(0);
  for (const path of styles) expect(textOf(path), path).not.toMatch(/@import|url\((?!\.\/)/);
});

test('the description of the API is that of the routes, in the version of the package, and its files are there', () => {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  expect(textOf('/openapi.json')).toBe(JSON.stringify(describeRoutes(version)));
  expect(files['/openapi.json']?.type).toBe('application/json; charset=utf-8');
  const linked = [...textOf('/docs.html').matchAll(/href="\.(\/[^"]+)"/g)].map(([, path = '']) => path);
  expect(linked).toEqual(['/assets/docs.css', '/assets/icon.svg', '/openapi.json']);
  expect(linked.filter((path) => files[path] === undefined)).toEqual([]);
});

test('the page of all components is in the builds that ask for it, and in no other', async () => {
  const design = JSON.parse((await packPage(root, { hasDesign: true }))?.text ?? '{}') as Record<string, Packed>;
  const added = Object.keys(design).length - Object.keys(files).length;
  expect(added).toBeGreaterThan(0);
  expect(Object.keys(files).filter((path) => textOf(path).includes('design-theme'))).toEqual([]);
});

test('no schema library is in what browsers load', () => {
  const scripts = Object.keys(files).filter((path) => path.endsWith('.js'));
  expect(scripts.filter((path) => /ZodError|\$ZodType/.test(textOf(path)))).toEqual([]);
});
