import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isPermissive, noticesOf } from '../../../bin/bundle/notices.mjs';
import { root } from '../../helpers/real-gateway.js';
import { tempDir } from '../../helpers/temp-dir.js';

function addPackage(
  directory: string,
  { files = {}, ...fields }: { name: string; license: string; author?: string; files?: Record<string, string> },
): string {
  const path = join('node_modules', fields.name);
  mkdirSync(join(directory, path), { recursive: true });
  for (const [name, text] of Object.entries({ 'package.json': JSON.stringify({ version: '1.0.0', ...fields }), ...files }))
    writeFileSync(join(directory, path, name), text);
  return join(path, 'index.js');
}

test('each package is named with its licence, and each text is there once', () => {
  const directory = tempDir();
  const paths = [
    addPackage(directory, { name: 'one', license: 'MIT', files: { LICENSE: 'The text' } }),
    addPackage(directory, { name: '@scope/two', license: 'MIT', files: { 'licence.md': 'The text\r\n' } }),
    addPackage(directory, { name: 'three', license: 'ISC', author: 'Somebody' }),
  ];
  const [head, ...notices] = noticesOf(directory, [...paths, ...paths, 'client/main.ts', '\0virtual']).split(/\n\n-{80}\n\n/);
  expect(head).toContain('its own licence');
  expect(notices).toEqual(['@scope/two 1.0.0 (MIT)\none 1.0.0 (MIT)\n\nThe text', 'three 1.0.0 (ISC)\n\nCopyright (c) Somebody\n']);
});

test('a build with a package that asks for more than its text fails', () => {
  const directory = tempDir();
  const path = addPackage(directory, { name: 'strict', license: 'GPL-3.0-only' });
  expect(() => noticesOf(directory, [path])).toThrow("strict has the licence 'GPL-3.0-only'");
});

test.each([
  ['MIT', true],
  ['(MPL-2.0 OR Apache-2.0)', true],
  ['(MIT AND Zlib)', true],
  ['(MIT AND GPL-3.0-only)', false],
  ['MPL-2.0', false],
  [undefined, false],
])('%s is permissive: %s', (licence, expected) => {
  expect(isPermissive(licence)).toBe(expected);
});

/** Tools of the development whose licence covers their own files only. */
const WEAK_COPYLEFT = 'MPL-2.0';
/** Servers of the tests that name no licence; the one of their repository is MIT, for newer parts Apache-2.0. */
const UNNAMED = /^node_modules\/@modelcontextprotocol\/server-(everything|filesystem)$/;

test('every package of the lock file, tools included, has a licence that is permissive or covers its own files only', () => {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { license?: string; optional?: boolean; dev?: boolean }>;
  };
  const others = Object.entries(packages).filter(
    ([path, { license }]) => path !== '' && !isPermissive(license) && license !== WEAK_COPYLEFT && !UNNAMED.test(path),
  );
  expect(others.map(([path, { license }]) => `${path}: ${license}`)).toEqual([]);
  const installed = Object.entries(packages).filter(([path, { dev }]) => path !== '' && dev !== true);
  expect(installed.length).toBeGreaterThan(0);
  expect(installed.filter(([, { license }]) => !isPermissive(license))).toEqual([]);
});
