import { once } from 'node:events';
import { connect } from 'node:net';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { createFrameParser, idOf } from '../../daemon/worker/socket/frames.js';
import { toJsonSchema } from '../../shared/api/json-schema.js';
import { clientFrame, serverFrames } from '../../shared/api/socket.js';
import { GatewayError } from '../../shared/errors.js';
import { startHttpApp } from '../helpers/http-app.js';
import { greetSocket } from '../helpers/socket-client.js';
import { makeConversation } from '../helpers/make-conversation.js';
import { fuzz } from './fuzz.js';
import { oddText, oddValue, valueOf } from './values.js';

const known = ['main:webchat:default:direct:fuzz', 'key-of-the-test', 'fuzz', 'msg_1'];
const legal = valueOf(toJsonSchema(clientFrame(), 'input'), { known, legalPerOdd: 0 });
const frame = fc.oneof(
  { weight: 3, arbitrary: legal.map((value) => JSON.stringify(value)) },
  { weight: 3, arbitrary: valueOf(toJsonSchema(clientFrame(), 'input'), { known, legalPerOdd: 10 }).map((value) => JSON.stringify(value)) },
  { weight: 1, arbitrary: oddText() },
  { weight: 1, arbitrary: oddValue().map((value) => JSON.stringify(value)) },
  { weight: 1, arbitrary: fc.tuple(legal, fc.nat()).map(([value, at]) => JSON.stringify(value).slice(0, at % 100)) },
);

test('any text is a frame, or is refused in words of the API', () =>
  fuzz(500, () => {
    const parse = createFrameParser();
    return fc.property(frame, (text) => {
      idOf(text);
      try {
        expect(parse(text).v).toBe(1);
      } catch (error) {
        if (!(error instanceof GatewayError)) throw error;
        expect(error.code).toBe('INVALID_REQUEST');
        expect(error.message).not.toMatch(/Invalid input|zod|nonoptional|\[object|Unexpected token/);
      }
    });
  }));

const schemas = serverFrames();

test('a connection answers or ends whatever it is sent, and others go on', () =>
  fuzz(40, async () => {
    const conversation = await makeConversation();
    const { port, lines } = await startHttpApp({ services: conversation });
    const hello = JSON.stringify({ v: 1, id: 'h', type: 'hello' });
    return fc.asyncProperty(
      fc.boolean(),
      fc.array(
        fc.oneof(
          frame,
          fc.uint8Array({ maxLength: 40 }).map((list) => Buffer.from(list)),
        ),
        { maxLength: 8 },
      ),
      async (isGreeted, frames) => {
        const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`);
        const received: string[] = [];
        socket.on('message', (data: Buffer) => received.push(data.toString('utf8')));
        socket.on('error', () => undefined);
        await once(socket, 'open');
        const closed = once(socket, 'close');
        const sent = [...(isGreeted ? [hello] : []), ...frames, JSON.stringify({ v: 1, id: 'last', type: 'ping' })];
        for (const data of sent) if (socket.readyState === WebSocket.OPEN) socket.send(data);
        const answered = new Promise<void>((resolve) => {
          socket.on('message', (data: Buffer) => data.toString('utf8').includes('"re":"last"') && resolve());
        });
        await Promise.race([closed, answered]);
        for (const text of received) {
          const { v, id, type, ...body } = JSON.parse(text) as { v: number; id: string; type: keyof typeof schemas };
          expect(v).toBe(1);
          expect(id).toMatch(/^s\d+$/);
          expect(schemas[type].safeParse(body).error, text).toBeUndefined();
          expect(text).not.toMatch(/INTERNAL_ERROR|Invalid input|zod|SQLITE/);
        }
        socket.terminate();
        await closed;
        const other = await greetSocket(port);
        other.socket.terminate();
        expect(lines.filter(({ level }) => level === 'error')).toEqual([]);
      },
    );
  }));

test('bytes that are no WebSocket frame end their own connection alone', () =>
  fuzz(40, async () => {
    const { port, lines } = await startHttpApp();
    const head = `GET /ws HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n`;
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 80 }),
      // A head of a frame: any operation, a mask, and a length that may be huge.
      fc
        .tuple(fc.nat(255), fc.integer({ min: 128, max: 255 }), fc.uint8Array({ maxLength: 40 }))
        .map(([first, second, rest]) => Uint8Array.from([first, second, ...rest])),
    );
    return fc.asyncProperty(
      fc.constantFrom(
        '\r\n',
        'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=99\r\n\r\n',
        'Content-Length: 5\r\n\r\n',
      ),
      fc.array(bytes, { maxLength: 5 }),
      async (rest, pieces) => {
        const socket = connect(port, '127.0.0.1');
        socket.on('error', () => undefined);
        socket.resume();
        await once(socket, 'connect');
        socket.write(head + rest);
        await once(socket, 'data');
        for (const piece of pieces) if (!socket.destroyed) socket.write(piece);
        await new Promise(setImmediate);
        socket.destroy();
        const other = await greetSocket(port);
        other.socket.terminate();
        expect(lines.filter(({ level }) => level === 'error')).toEqual([]);
      },
    );
  }));
