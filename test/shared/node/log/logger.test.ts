import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { GatewayError } from '../../../../shared/errors.js';
import { LogFile } from '../../../../shared/node/log/log-file.js';
import { withFields } from '../../../../shared/log/log-port.js';
import { ofModule } from '../../../../shared/log/modules.js';
import { createLogger, type Logger } from '../../../../shared/node/log/logger.js';
import { createRedactor, type Redactor } from '../../../../shared/node/secrets/redact.js';
import { FakeClock } from '../../../helpers/fake-clock.js';
import { readEntries } from '../../../helpers/log-reader.js';
import { tempDir } from '../../../helpers/temp-dir.js';

interface Setup {
  readonly logger: Logger;
  readonly redactor: Redactor;
  readonly clock: FakeClock;
  readonly entries: () => Record<string, unknown>[];
}

function setup(level: (module: unknown) => string = () => 'info', maxBytes = 1_048_576): Setup {
  const path = join(tempDir(), 'gateway.log');
  const clock = new FakeClock();
  const redactor = createRedactor(['known-secret-value']);
  const file = new LogFile({ path, maxBytes, role: 'worker', wantsRotation: () => undefined });
  const logger = createLogger({ file, level, bindings: { role: 'worker', instanceId: 'wk_1' }, redactor, clock });
  return { logger, redactor, clock, entries: () => readEntries(path) };
}

describe('lines', () => {
  test('carry level by name, time, pid, role, bindings, fields and message, in the file when the call returns', () => {
    const { logger, entries } = setup();
    logger.child({ requestId: 'req_1' }).warn({ status: 503 }, 'answered %s', 'late');
    expect(entries()).toEqual([
      {
        level: 'warn',
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        pid: process.pid,
        role: 'worker',
        instanceId: 'wk_1',
        requestId: 'req_1',
        status: 503,
        msg: 'answered late',
      },
    ]);
  });

  test('whatever is logged makes a line of JSON and never an exception', () => {
    const { logger, entries } = setup();
    const circular: Record<string, unknown> = { name: 'loop' };
    circular['self'] = circular;
    const hostile = Object.defineProperty(new Error('x'), 'code', {
      enumerable: true,
      get: () => {
        throw new Error('getter');
      },
    });
    for (const value of [
      circular,
      { big: 10n },
      {
        bad: {
          toJSON: () => {
            throw new Error('no');
          },
        },
      },
      { text: 'a\nb\u0000\ud800"' },
      { err: hostile },
      hostile,
      null,
      undefined,
      7,
    ]) {
      logger.info(value, 'tried');
    }
    expect(entries()).toHaveLength(9);
  });

  test('known secrets and secrets by shape are taken out of fields, messages and errors', () => {
    const { logger, redactor, entries } = setup();
    redactor.add(['learned-secret-value']);
    logger.info({ headers: { authorization: 'Bearer abc' } }, 'known-secret-value and %s', 'learned-secret-value');
    logger.error(new Error('failed with known-secret-value', { cause: new Error('token=learned-secret-value') }));
    expect(JSON.stringify(entries())).not.toMatch(/known-secret|learned-secret|Bearer abc/);
    expect(entries()).toHaveLength(2);
  });

  test('a line that is too long keeps its head and the start of its message, and stays JSON', () => {
    const { logger, entries } = setup(undefined, 65_536);
    logger.error({ payload: 'ü'.repeat(200_000) }, `too much ${'x'.repeat(10_000)}`);
    expect(entries()).toMatchObject([
      { level: 'error', role: 'worker', msg: expect.stringMatching(/^too much x+$/), cutFromCharacters: expect.any(Number) },
    ]);
    expect(JSON.stringify(entries()[0]).length).toBeLessThan(16_384);
  });
});

describe('errors', () => {
  test('keep type, code, message, stack, details and the whole chain of causes', () => {
    const { logger, entries } = setup();
    const root = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED', port: 1234 });
    const error = new GatewayError('STORE_UNAVAILABLE', {
      message: 'the store is gone',
      details: { path: '/x' },
      cause: new TypeError('middle', { cause: root }),
    });
    logger.error({ err: error }, 'cannot store');
    expect(entries()[0]?.['err']).toMatchObject({
      type: 'GatewayError',
      code: 'STORE_UNAVAILABLE',
      message: 'the store is gone',
      stack: expect.stringContaining('logger.test.ts'),
      details: { path: '/x' },
      cause: { type: 'TypeError', message: 'middle', cause: { type: 'Error', code: 'ECONNREFUSED', port: 1234 } },
    });
  });

  test('logged alone they give the message; several at once are kept; a chain that leads back to itself ends', () => {
    const { logger, entries } = setup();
    const loop = new Error('loop');
    loop.cause = loop;
    logger.error(loop);
    logger.error({ error: new AggregateError([new Error('one'), new Error('two')], 'both') }, 'many');
    expect(entries()[0]).toMatchObject({ msg: 'loop', err: { message: 'loop', cause: { message: 'loop' } } });
    expect(entries()[1]).toMatchObject({ error: { type: 'AggregateError', errors: [{ message: 'one' }, { message: 'two' }] } });
  });
});

describe('level', () => {
  test('a change takes effect at once, also in children that were made before', () => {
    let level = 'info';
    const { logger, entries } = setup(() => level);
    const child = logger.child({ requestId: 'r' });
    child.debug('hidden');
    level = 'debug';
    child.debug('shown');
    logger.trace('hidden');
    level = 'error';
    child.warn('hidden');
    logger.error('shown too');
    expect(entries().map((entry) => entry['msg'])).toEqual(['shown', 'shown too']);
  });

  test('is that of the line’s module', () => {
    const { logger, entries } = setup((module) => (module === 'outbox' ? 'debug' : 'warn'));
    const outbox = ofModule(logger, 'outbox');
    outbox.debug({ messageId: 'msg_1' }, 'heard');
    ofModule(logger, 'cron').info({}, 'not heard');
    logger.info('not heard, and without fields');
    withFields(outbox, { turnId: 'turn_1' }).info({}, 'heard too');
    logger.error(new Error('of no module'));
    expect(entries().map(({ msg, module }) => [msg, module])).toEqual([
      ['heard', 'outbox'],
      ['heard too', 'outbox'],
      ['of no module', undefined],
    ]);
  });

  test('an unknown level counts as info', () => {
    const { logger, entries } = setup(() => 'verbose');
    logger.debug('hidden');
    logger.info('shown');
    expect(entries().map((entry) => entry['msg'])).toEqual(['shown']);
  });
});

test('a tight loop of one error shows its first lines and then a count, and other lines stay visible', () => {
  const { logger, clock, entries } = setup();
  for (let index = 0; index < 10_000; index += 1) logger.error({ attempt: 'same' }, 'cannot connect');
  logger.info('something else');
  clock.advance(10_000);
  const all = entries();
  expect(all).toHaveLength(22);
  expect(all.at(-1)).toMatchObject({ level: 'error', msg: 'cannot connect', attempt: 'same', repeated: 9_980, time: expect.any(String) });
  expect(all.at(-2)).toMatchObject({ msg: 'something else' });
});
