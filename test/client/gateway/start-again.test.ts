import { expect, test } from 'vitest';
import { readFormerStart } from '../../../client/gateway/start-again.js';
import { startProgram } from '../../helpers/child-program.js';
import { lockRecord, testPaths } from '../../helpers/lock-file.js';

test.runIf(process.platform === 'linux').each([
  [['gateway', '-f', '--token', 'secret', '-p', '8123', '--host=127.0.0.1'], { port: 8123, host: '127.0.0.1', token: 'secret' }],
  [['gateway', 'run'], {}],
])('the options of a gateway in the foreground are those of its command line: %j', async (args, flags) => {
  const { pid } = await startProgram("console.log('ready'); setInterval(() => {}, 1e6)", { args });
  const former = readFormerStart(lockRecord(testPaths(), pid));
  expect(former).toMatchObject({ flags, environment: { PATH: process.env['PATH'] } });
  expect(Object.keys(former?.flags ?? {})).toEqual(Object.keys(flags));
});

test.runIf(process.platform === 'linux')('options of Node are none of its options', async () => {
  const nodeOptions = ['--no-warnings', '-pe'];
  const { pid } = await startProgram("console.log('ready'); setInterval(() => {}, 1e6)", { nodeOptions, args: ['gateway', '--host=h'] });
  expect(readFormerStart(lockRecord(testPaths(), pid))).toMatchObject({ flags: { host: 'h' }, environment: { PATH: process.env['PATH'] } });
});

test.runIf(process.platform === 'linux')('if its options cannot be read, its environment still is', async () => {
  const { pid } = await startProgram("console.log('ready'); setInterval(() => {}, 1e6)", { args: ['gateway', '-px'] });
  const former = readFormerStart(lockRecord(testPaths(), pid));
  expect(former?.flags).toBeUndefined();
  expect(former?.environment).toMatchObject({ PATH: process.env['PATH'] });
});
