import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseControlRequest } from '../../../../daemon/supervisor/control/control-frames.js';

const parse = (value: unknown): ReturnType<typeof parseControlRequest> =>
  parseControlRequest(typeof value === 'string' ? value : JSON.stringify(value));

describe('requests that are understood', () => {
  test.each([
    { v: 1, id: 'a', type: 'status' },
    { v: 1, id: 'a', type: 'stop' },
    { v: 1, id: 'a', type: 'stop', force: true, timeoutMs: 0 },
    { v: 1, id: 'a', type: 'restart', timeoutMs: 600_000, force: false, exclusive: true, succession: { port: 65_535, host: '::' } },
    { v: 1, id: 'a', type: 'restart', succession: {} },
    { v: 2, id: '', type: 'status', somethingNew: { a: 1 } },
  ])('%j', (request) => {
    expect(parse(request)).toEqual(request);
  });
});

describe('everything else is refused, with the id where there is one', () => {
  const type = 'restart';
  test.each([
    ['the empty line', '', '', 'is not JSON'],
    ['half a document', '{"v":1', '', 'is not JSON'],
    ['null', 'null', '', 'is not an object'],
    ['a number', '5', '', 'is not an object'],
    ['an array', '[{"v":1,"id":"a","type":"stop"}]', '', 'is not an object'],
    ['no id', { type: 'status' }, '', 'has no id'],
    ['an id that is a number', { id: 5, type: 'status' }, '', 'has no id'],
    ['a far too long id', { id: 'x'.repeat(129), type: 'status' }, '', 'has no id'],
    ['an unknown type', { id: 'a', type: 'explode' }, 'a', 'unknown control request "explode"'],
    ['no type', { id: 'a' }, 'a', 'unknown control request without a type'],
    ['a type that cannot be made a text', { id: 'a', type: { toString: 1, valueOf: 1 } }, 'a', 'unknown control request {"toString"'],
    ['a type from the prototype', { id: 'a', type: 'toString' }, 'a', 'unknown control request "toString"'],
    ['a negative timeout', { id: 'a', type, timeoutMs: -1 }, 'a', 'timeoutMs'],
    ['a timeout beyond ten minutes', { id: 'a', type, timeoutMs: 600_001 }, 'a', 'timeoutMs'],
    ['a timeout that is a text', { id: 'a', type, timeoutMs: '5' }, 'a', 'timeoutMs'],
    ['a timeout of null', { id: 'a', type, timeoutMs: null }, 'a', 'timeoutMs'],
    ['a force that is a text', { id: 'a', type, force: 'yes' }, 'a', 'force'],
    ['an exclusive that is a number', { id: 'a', type, exclusive: 1 }, 'a', 'exclusive'],
    ['an instance that is a number', { id: 'a', type, exclusive: true, expects: 1 }, 'a', 'expects'],
    ['a succession that is a text', { id: 'a', type, succession: 'x' }, 'a', 'succession'],
    ['a succession of null', { id: 'a', type, succession: null }, 'a', 'succession'],
    ['port 0', { id: 'a', type, succession: { port: 0 } }, 'a', 'succession.port'],
    ['port 65536', { id: 'a', type, succession: { port: 65_536 } }, 'a', 'succession.port'],
    ['an empty host', { id: 'a', type, succession: { host: '' } }, 'a', 'succession.host'],
  ])('%s', (...[, frame, id, reason]) => {
    const parsed = parse(frame);
    expect(parsed).toMatchObject({ id, refusal: { code: 'CONTROL_PROTOCOL', message: expect.stringContaining(reason) as string } });
  });

  test('any JSON is either a request or refused, and never throws', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const parsed = parse(value);
        expect('refusal' in parsed || ['status', 'stop', 'restart'].includes(parsed.type)).toBe(true);
      }),
    );
  });
});
