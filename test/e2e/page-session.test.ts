/** Who is signed in by itself: the user that the gateway runs as, and nobody else on its machine. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { RealGateway } from '../helpers/real-gateway.js';

const run = promisify(execFile);
const isRoot = process.geteuid?.() === 0;

/** Asks for a session as a page does. @returns the answer with its headers */
async function askForSession(gateway: RealGateway, host: string, prefix: readonly string[] = []): Promise<string> {
  const origin = `http://${host}:${gateway.port}`;
  const [command, ...args] = [...prefix, 'curl', '-s', '-i', '-X', 'POST', '-H', `Origin: ${origin}`, `${origin}/api/page-session`];
  return (await run(command, args, { cwd: '/' })).stdout;
}

test.runIf(process.platform === 'linux')('the user that the gateway runs as is signed in, by every loopback name', async () => {
  const gateway = await RealGateway.start();
  for (const host of ['127.0.0.1', 'localhost']) {
    const answer = await askForSession(gateway, host);
    expect(answer).toMatch(/^Set-Cookie: xopc_[0-9a-f]{12}=[\w-]{43}; Path=\/; /im);
    expect(answer).toContain('"signedIn":true');
  }
});

test.runIf(process.platform === 'linux' && isRoot)('another user of the machine is not', async () => {
  const gateway = await RealGateway.start();
  const answer = await askForSession(gateway, '127.0.0.1', ['setpriv', '--reuid=12345', '--regid=12345', '--clear-groups']);
  expect(answer).toContain('"signedIn":false');
  expect(answer).not.toMatch(/^Set-Cookie/im);
});
