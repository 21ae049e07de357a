import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { embedLinked } from '../../../client/acp/linked-files.js';
import { tempDir } from '../../helpers/temp-dir.js';

const link = (uri: string) => ({ type: 'resource_link', name: 'n', uri }) as const;
const file = (...path: string[]) => link(pathToFileURL(join(...path)).href);

test('a text file that is linked below the directory of the session is embedded, through links and with the lines that are meant', async () => {
  const [directory, alias] = [tempDir(), join(tempDir(), 'project')];
  mkdirSync(join(directory, '..b'));
  writeFileSync(join(directory, '..b', 'ä b.ts'), 'const ä = 1;\n');
  symlinkSync(directory, alias);
  const { uri } = file(alias, '..b', 'ä b.ts');
  expect(await embedLinked([{ type: 'text', text: 'See ' }, link(`${uri}#L1-2`)], directory)).toEqual([
    { type: 'text', text: 'See ' },
    { type: 'resource', resource: { uri: `${uri}#L1-2`, text: 'const ä = 1;\n' } },
  ]);
});

test('no other file is read', async () => {
  const [parent, other] = [tempDir(), tempDir()];
  const directory = join(parent, 'in');
  mkdirSync(directory);
  writeFileSync(join(parent, 'out.txt'), 'secret');
  writeFileSync(join(other, 'out.txt'), 'secret');
  symlinkSync(join(other, 'out.txt'), join(directory, 'link.txt'));
  symlinkSync(other, join(directory, 'linked'));
  writeFileSync(join(directory, 'binary'), Buffer.from([0, 1]));
  writeFileSync(join(directory, 'latin1.txt'), Buffer.from([0xe4]));
  execFileSync('mkfifo', [join(directory, 'pipe')]);
  const refused = [
    link(`${pathToFileURL(directory).href}/../out.txt`),
    link(`${pathToFileURL(directory).href}/%2e%2e/out.txt`),
    file(other, 'out.txt'),
    file(directory, 'link.txt'),
    file(directory, 'linked', 'out.txt'),
    file(directory, 'binary'),
    file(directory, 'latin1.txt'),
    file(directory, 'pipe'),
    file(directory, 'missing.txt'),
    file(directory),
    link('https://example.com/a.txt'),
    link('not an address'),
  ];
  expect(await embedLinked(refused, directory)).toEqual(refused);
});

test('files are embedded up to 256 KB together; those that are too large stay links', async () => {
  const directory = tempDir();
  for (const [name, size] of Object.entries({ a: 200_000, b: 100_000, c: 62_144 })) writeFileSync(join(directory, name), 'x'.repeat(size));
  const blocks = await embedLinked(
    ['a', 'b', 'c'].map((name) => file(directory, name)),
    directory,
  );
  expect(blocks.map(({ type }) => type)).toEqual(['resource', 'resource_link', 'resource']);
});
