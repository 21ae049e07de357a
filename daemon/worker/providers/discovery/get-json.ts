/** Requests a JSON document from a server on this machine, with a bounded size. */
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { collect } from '../../../../shared/node/collect.js';

const MAX_BODY_BYTES = 1_048_576;

export interface LocalRequest {
  readonly port: number;
  readonly path: string;
  readonly signal: AbortSignal;
}

/** Returns undefined for anything but a 200 with JSON, and when the signal aborts first. */
export async function getJson({ port, path, signal }: LocalRequest): Promise<unknown> {
  const request = get({ host: '127.0.0.1', port, path, signal, agent: false, headers: { accept: 'application/json' } });
  // Also emitted after the response has begun.
  request.on('error', () => undefined);
  try {
    const [response] = (await once(request, 'response', { signal })) as [IncomingMessage];
    const body = response.statusCode === 200 ? await collect(response, MAX_BODY_BYTES) : undefined;
    return body && JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  } finally {
    request.destroy();
  }
}
