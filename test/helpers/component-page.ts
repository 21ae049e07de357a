/** A page that a test writes itself, of components alone: no gateway, and nothing else in the document. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { build } from 'esbuild';
import { onTestFinished } from 'vitest';

const root = join(import.meta.dirname, '../../webui/src');

/** Serves a page until the test ends. @param script  TSX; it imports relative to `webui/src` @param style  in addition to that of the components */
export async function serveComponents(script: string, style = ''): Promise<string> {
  const bundled = await build({
    stdin: { contents: script, resolveDir: root, loader: 'tsx' },
    bundle: true,
    write: false,
    outdir: '/',
    format: 'esm',
    jsx: 'automatic',
    jsxImportSource: 'preact',
  });
  const [code, sheet = ''] = ['js', 'css'].map((type) => bundled.outputFiles.find(({ path }) => path.endsWith(type))?.text);
  const html = `<!doctype html><meta charset="utf-8"><title>Components</title><style>${sheet} ${style}</style><body><script type="module">${code}</script>`;
  const server = createServer((_request, response) => response.setHeader('Content-Type', 'text/html').end(html)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}
