/** Commands that talk to a running gateway, whose API answers as a test says. */
import type { ServerResponse } from 'node:http';
import { answers, fakeControl, sampleStatus } from '../fakes/control-socket.js';
import type { GatewayPaths } from '../../shared/node/process/paths.js';
import { fakeHttp, type FakeHttp, type SeenRequest } from '../fakes/http-server.js';
import { runCommand, startCommand, type CommandOutcome, type CommandRun } from './command-line.js';
import { testPaths } from './lock-file.js';

interface ApiCommands extends FakeHttp {
  readonly paths: GatewayPaths;
  readonly run: (args: string[], more?: { stdin?: string; isTTY?: boolean }) => Promise<CommandOutcome>;
  readonly start: (args: string[]) => CommandRun;
}

export async function fakeApi(answer: (request: SeenRequest, response: ServerResponse) => void): Promise<ApiCommands> {
  const server = await fakeHttp(answer);
  const paths = testPaths();
  await fakeControl(paths.controlPath, answers({ ...sampleStatus, port: server.port }));
  const { home } = paths;
  return { ...server, paths, run: (args, more) => runCommand(args, { home, ...more }), start: (args) => startCommand(args, { home }) };
}
