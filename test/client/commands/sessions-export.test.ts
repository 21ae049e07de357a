/** `xopc sessions export --output`: what is beside the file while it is written, and afterwards. */
import { existsSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { answers, fakeControl, sampleStatus } from '../../fakes/control-socket.js';
import { fakeHttp } from '../../fakes/http-server.js';
import { runCommand, startCommand, type CommandLineOptions } from '../../helpers/command-line.js';
import { testPaths } from '../../helpers/lock-file.js';
import { tempDir } from '../../helpers/temp-dir.js';

const EXPORT = ['sessions', 'export', 'main:webchat:default:direct:me', '--output'];

test('the file gets its name when it is complete, and what a killed export has left is removed', async () => {
  const server = await fakeHttp((_request, response) => response.end('{}\n'));
  const paths = testPaths();
  await fakeControl(paths.controlPath, answers({ ...sampleStatus, port: server.port }));
  const directory = tempDir();
  const left = join(directory, '.me.jsonl.12345.0123456789ab.tmp');
  writeFileSync(left, 'half');
  utimesSync(left, 1, 1);
  const file = join(directory, 'me.jsonl');
  expect(await runCommand([...EXPORT, file], { home: paths.home })).toMatchObject({ code: 0 });
  expect(readFileSync(file, 'utf8')).toBe('{}\n');
  expect(readdirSync(directory)).toEqual(['me.jsonl']);
});

test.each([['a file'], ['standard output']])(
  'an export to %s that breaks off says so, and leaves no file that looks complete',
  async (target) => {
    const server = await fakeHttp((_request, response) => {
      response.write('{"key": "first line"}\n', () => response.destroy());
    });
    const paths = testPaths();
    await fakeControl(paths.controlPath, answers({ ...sampleStatus, port: server.port }));
    const directory = tempDir();
    const output = target === 'a file' ? join(directory, 'me.jsonl') : '-';
    const { code, stderr } = await runCommand([...EXPORT, output], { home: paths.home });
    expect(code).not.toBe(0);
    expect(stderr).toContain(
      `the gateway's API on 127.0.0.1 port ${server.port} is unreachable (ECONNRESET)\n  Check it with: xopc gateway status`,
    );
    expect(readdirSync(directory)).toEqual([]);
  },
);

test('a signal that ends an export leaves nothing of it', async () => {
  const directory = tempDir();
  let clean = (): void => expect.fail('not asked for yet');
  let ending: ServerResponse | undefined;
  const server = await fakeHttp((_request, response) => {
    ending = response;
    response.write('{}\n');
  });
  const paths = testPaths();
  await fakeControl(paths.controlPath, answers({ ...sampleStatus, port: server.port }));
  const runtime: CommandLineOptions['runtime'] = {
    cleanAtSignal(given) {
      clean = given;
      return () => undefined;
    },
  };
  const { exitCode } = startCommand([...EXPORT, join(directory, 'me.jsonl')], { home: paths.home, runtime });
  await expect.poll(() => readdirSync(directory)).toHaveLength(1);
  clean();
  expect(readdirSync(directory)).toEqual([]);
  ending?.destroy();
  expect(await exitCode).not.toBe(0);
  expect(existsSync(join(directory, 'me.jsonl'))).toBe(false);
});
