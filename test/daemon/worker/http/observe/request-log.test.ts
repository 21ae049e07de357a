import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import type { HttpContext } from '../../../../../daemon/worker/http/context.js';
import { RequestLog } from '../../../../../daemon/worker/http/observe/request-log.js';
import { RequestStats } from '../../../../../daemon/worker/http/observe/request-stats.js';
import { FakeClock } from '../../../../helpers/fake-clock.js';

function createLog() {
  const clock = new FakeClock();
  const lines: { message: string; fields: object }[] = [];
  const keep = (fields: object, message: string): void => void lines.push({ message, fields });
  const logger = { isDebugging: () => false, debug: keep, info: keep, warn: keep, error: keep };
  const log = new RequestLog({ logger, clock, stats: new RequestStats() });
  const answer = (statusCode: number, { headersSent = true, isChange = false } = {}): void => {
    const res = Object.assign(new EventEmitter(), { statusCode, headersSent, writableFinished: headersSent });
    const access = { name: 'ci' };
    const state = { requestId: 'req_1', caller: { client: { address: '198.51.100.7' } }, access, isChange };
    log.begin({ req: { headers: {} }, res, method: 'GET', path: '/api/models', state } as unknown as HttpContext);
    res.emit('close');
  };
  return { clock, lines, answer };
}

test('a flood of refusals is logged as 100 lines and their number, and failures besides', () => {
  const { clock, lines, answer } = createLog();
  for (let count = 0; count < 1_000; count += 1) answer(401);
  answer(500);
  answer(200);
  expect(lines.map(({ message }) => message)).toEqual([...Array<string>(100).fill('request refused'), 'request failed']);
  clock.advance(10_000);
  expect(lines.at(-1)).toEqual({ message: 'more requests were refused', fields: { refused: 900 } });
  answer(403);
  expect(lines.at(-1)?.message).toBe('request refused');
  clock.advance(10_000);
  expect(lines).toHaveLength(103);
});

test('a change is logged at the usual level with the token, also if its client has left; other successes are not', () => {
  const { lines, answer } = createLog();
  answer(200);
  answer(200, { headersSent: false });
  answer(200, { isChange: true });
  answer(200, { headersSent: false, isChange: true });
  answer(409, { isChange: true });
  expect(lines).toMatchObject([
    { message: 'request', fields: { status: 200, token: 'ci' } },
    { message: 'the client disconnected before a response', fields: { token: 'ci' } },
    { message: 'request refused', fields: { status: 409, token: 'ci' } },
  ]);
});
