/**
 * The floors: the least that serves the same answer. `node bare-servers.mjs KIND PORT [BODY] [HEADERS]`.
 * `node`, `koa`: answer BODY; Koa is what the gateway's HTTP side is built on, the body the gateway's own.
 * `router`: the same through @koa/router, with HEADERS, a JSON object: what the gateway's rules ask of every answer.
 * `html`: answers BODY as a page. `sockets`: tells all of its WebSockets of an event when `/broadcast` is asked for.
 * `echo`: Koa and koa-body answer the JSON that they were sent. `provider`: streams an answer as OpenAI does;
 * `typist` a long one, 60 words a second.
 */
import { createServer } from 'node:http';
import { Router } from '@koa/router';
import Koa from 'koa';
import { koaBody } from 'koa-body';
import { WebSocketServer } from 'ws';

const [kind, port, body, headers] = process.argv.slice(2);

function koa(middlewares) {
  const app = new Koa();
  for (const middleware of middlewares) app.use(middleware);
  return app.callback();
}

function chunk(delta, finish_reason = null) {
  return `data: ${JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'one', choices: [{ index: 0, delta, finish_reason }] })}\n\n`;
}

function stream(request, response) {
  request.resume().once('end', () => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    response.write(chunk({ role: 'assistant', content: 'first' }));
    response.end(`${chunk({ content: ' second' })}${chunk({}, 'stop')}data: [DONE]\n\n`);
  });
}

const SECTION = `## What follows

${'Some words that are said one after another, with *emphasis* and `code` between them. '.repeat(5)}

- **one** thing
- another thing
- [a link](https://example.org)

\`\`\`ts
${'export const total = (prices: number[]): number => prices.reduce((sum, price) => sum + price, 0);\n'.repeat(5)}\`\`\`

`;
const WORDS_MS = 1000 / 60;

/** A timer may be late: what is due by then is written together. */
function type(request, response) {
  const words = SECTION.repeat(12).split(/(?<=\s)/);
  request.resume().once('end', () => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    response.write(chunk({ role: 'assistant', content: '' }));
    const startedAt = performance.now();
    let written = 0;
    const timer = setInterval(() => {
      const due = Math.min(words.length, Math.floor((performance.now() - startedAt) / WORDS_MS));
      for (; written < due; written += 1) response.write(chunk({ content: words[written] }));
      if (written < words.length) return;
      clearInterval(timer);
      response.end(`${chunk({}, 'stop')}data: [DONE]\n\n`);
    }, WORDS_MS);
    response.once('close', () => clearInterval(timer));
  });
}

const SERVERS = {
  node: () => (_request, response) => {
    response.setHeader('Content-Type', 'application/json; charset=utf-8');
    response.end(body);
  },
  koa: () => {
    const document = JSON.parse(body);
    return koa([
      (ctx) => {
        ctx.body = document;
      },
    ]);
  },
  router: () => {
    const document = JSON.parse(body);
    const fields = Object.entries(JSON.parse(headers));
    const router = new Router();
    router.get('/health', (ctx) => {
      for (const [name, value] of fields) ctx.res.setHeader(name, value);
      ctx.body = document;
    });
    return koa([router.routes()]);
  },
  echo: () =>
    koa([
      koaBody(),
      (ctx) => {
        ctx.body = ctx.request.body ?? {};
      },
    ]),
  html: () => (_request, response) => {
    response.setHeader('Content-Type', 'text/html; charset=utf-8');
    response.end(body);
  },
  sockets: () => (request, response) => {
    if (request.url === '/broadcast') {
      const data = {
        at: new Date().toISOString(),
        session: 'main:webchat:default:direct:chat_01a20fad84ce0a4475d75d99f3df66a0',
        change: 'updated',
      };
      const frame = JSON.stringify({ v: 1, id: 's1', type: 'event', event: 'wk.1', name: 'session', data });
      for (const socket of sockets.clients) socket.send(frame);
    }
    response.end('{}');
  },
  provider: () => stream,
  typist: () => type,
};

const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
const server = createServer(SERVERS[kind]());
server.on('upgrade', (request, socket, head) => {
  sockets.handleUpgrade(request, socket, head, (opened) => opened.on('message', () => opened.send('{"type":"hello"}')));
});
server.listen(Number(port), '127.0.0.1');
