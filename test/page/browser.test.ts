import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { findBarriers, noBrowser, openPage } from '../helpers/browser.js';

async function serve(html: string): Promise<string> {
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8', 'Content-Security-Policy': "default-src 'self'" }).end(html);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

test.skipIf(noBrowser)('the check for barriers finds one under a strict policy, and none in a clean document', async () => {
  const clean = await openPage(await serve('<!doctype html><html lang="en"><title>t</title><main><h1>Hello</h1></main></html>'));
  expect(await findBarriers(clean)).toEqual([]);
  const poor = await openPage(
    await serve('<!doctype html><html lang="en"><title>t</title><main><h1>x</h1><img src="/a.png"></main></html>'),
  );
  expect((await findBarriers(poor)).join('\n')).toMatch(/^image-alt: /);
});
