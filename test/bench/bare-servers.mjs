/**
 * The floors: the least that serves the same answer. `node bare-servers.mjs node|koa PORT BODY`.
 * Koa is what the gateway's HTTP side is built on; the body is the gateway's own.
 */
import { createServer } from 'node:http';
import Koa from 'koa';

const [kind, port, body] = process.argv.slice(2);
if (kind === 'koa') {
  const document = JSON.parse(body);
  const app = new Koa();
  app.use((ctx) => {
    ctx.body = document;
  });
  app.listen(Number(port), '127.0.0.1');
} else {
  createServer((_request, response) => {
    response.setHeader('Content-Type', 'application/json; charset=utf-8');
    response.end(body);
  }).listen(Number(port), '127.0.0.1');
}
