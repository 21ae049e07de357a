import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from './source-tree.js';

const read = (path: string): string => readFileSync(join(root, path), 'utf8');

interface Client {
  readonly name: string;
  readonly version: string;
  readonly file: string;
}

const clients = [...read('docs/clients.md').matchAll(/^\| `([^`]+)` \| (\S+) \|.*\| `([^`]+)` \|$/gm)].map(
  ([, name = '', version = '', file = '']): Client => ({ name, version, file }),
);

/** Returns what a test runs of a package: the one that is installed here, or one that it installs itself. */
function isTested({ name, version, file }: Client): boolean {
  if (!existsSync(join(root, file))) return false;
  const { devDependencies } = JSON.parse(read('package.json')) as { devDependencies: Record<string, string> };
  return devDependencies[name] === version ? read(file).includes(`'${name}'`) : read(file).includes(`${name}@${version}`);
}

test('the clients in the manual are those that tests run, in their versions', () => {
  expect(clients.length).toBeGreaterThan(0);
  expect(clients.filter((client) => !isTested(client))).toEqual([]);
});
