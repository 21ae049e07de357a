import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { buildFixture } from '../../helpers/fixture-process.js';

const isNoticed = process.platform === 'linux' && spawnSync('tail', ['--version'], { encoding: 'utf8' }).stdout?.includes('GNU') === true;

function runInShell(code: string): ReturnType<typeof spawnSync> {
  const environment = { ...process.env, NODE: process.execPath, SCRIPT: buildFixture('reader-watcher') };
  return spawnSync('/bin/sh', ['-c', code], { env: environment, encoding: 'utf8', timeout: 20_000 });
}

test.runIf(isNoticed)('a reader that closes is noticed while nothing is written', () => {
  const { stdout, stderr } = runInShell('("$NODE" "$SCRIPT"; echo "exit $?" >&2) | head -1');
  expect({ stdout, stderr }).toEqual({ stdout: 'line\n', stderr: 'exit 0\n' });
});
