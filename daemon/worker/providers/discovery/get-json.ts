/** Requests a JSON document from a server on this machine, with a bounded size. */
import { get } from 'node:http';

const MAX_BODY_BYTES = 1_048_576;

export interface LocalRequest {
  readonly port: number;
  readonly path: string;
  readonly signal: AbortSignal;
}

/** Returns undefined for anything but a 200 with JSON, and when the signal aborts first. */
export function getJson({ port, path, signal }: LocalRequest): Promise<unknown> {
  return new Promise((resolve) => {
    const nothing = (): void => resolve(undefined);
    const request = get({ host: '127.0.0.1', port, path, signal, agent: false, headers: { accept: 'application/json' } }, (response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on('error', nothing);
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        bytes += chunk.length;
        if (bytes > MAX_BODY_BYTES) request.destroy();
      });
      response.on('end', () => {
        try {
          resolve(response.statusCode === 200 ? JSON.parse(Buffer.concat(chunks).toString('utf8')) : undefined);
        } catch {
          nothing();
        }
      });
    });
    request.on('error', nothing);
    request.on('close', nothing);
  });
}
