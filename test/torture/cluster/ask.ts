/** HTTP over a socket in the file system, which leads into another network namespace. */
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { connect, createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';

export const TOKEN = 'token-of-every-node';
const TIMEOUT_MS = 5_000;

/** @returns undefined when no answer came */
export async function ask(
  socketPath: string,
  route: string,
  { body, key }: { body?: unknown; key?: string } = {},
): Promise<{ status: number; text: string } | undefined> {
  const [method = 'GET', path = ''] = route.split(' ');
  const headers = {
    Host: 'cluster.test',
    Authorization: `Bearer ${TOKEN}`,
    ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
    ...(key === undefined ? {} : { 'Idempotency-Key': key }),
  };
  const asked = request({ socketPath, method, path, headers, agent: false, signal: AbortSignal.timeout(TIMEOUT_MS) });
  try {
    asked.end(body === undefined ? undefined : JSON.stringify(body));
    const [answer] = (await once(asked, 'response')) as [IncomingMessage];
    return { status: answer.statusCode ?? 0, text: await text(answer) };
  } catch {
    return undefined;
  }
}

/** @throws when it is not answered with 200 */
export async function read<Answer>(socketPath: string, route: string, body?: unknown): Promise<Answer> {
  const answer = await ask(socketPath, route, { body });
  if (answer?.status !== 200) throw new Error(`${route}: ${answer?.status} ${answer?.text}`);
  return JSON.parse(answer.text) as Answer;
}

/** Passes what connects to a socket in the file system on to a port of this process. */
export async function relay(path: string, port: number): Promise<void> {
  const server = createServer({ allowHalfOpen: false }, (from) => {
    const to = connect(port, '127.0.0.1');
    from.pipe(to).pipe(from);
    for (const [one, other] of [
      [from, to],
      [to, from],
    ] as const) {
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
    }
  });
  server.listen(path);
  await once(server, 'listening');
  onTestFinished(() => void server.close());
}
