import fc from 'fast-check';
import { createColors } from 'picocolors';
import { describe, expect, test } from 'vitest';
import { renderLogLine } from '../../../client/output/log-line.js';

const at = new Date(2026, 2, 1, 9, 5, 7, 42);
const line = (fields: object): string =>
  JSON.stringify({ level: 'info', time: at.toISOString(), pid: 7, role: 'worker', instanceId: 'wk_1', ...fields });
const render = (text: string): string => renderLogLine(text, createColors(false));
const HEAD = '2026-03-01 09:05:07.042 INFO  worker     ';

describe('renderLogLine', () => {
  test('shows local time, level, role, message and fields, not what only programs need', () => {
    expect(render(line({ status: 200, path: '/api/message', note: 'two words', list: [1, 2], none: null, msg: 'answered' }))).toBe(
      `${HEAD}answered status=200 path=/api/message note="two words" list=[1,2]`,
    );
  });

  test('an error is its code, message, first frame and cause, in one line', () => {
    const err = {
      type: 'GatewayError',
      code: 'PORT_TAKEN',
      message: 'taken',
      stack: 'GatewayError: taken\n    at bind (a.js:1:2)\n    at b',
      cause: { type: 'Error', message: 'x' },
    };
    expect(render(line({ err, msg: 'failed' }))).toBe(`${HEAD}failed err="PORT_TAKEN: taken (at bind (a.js:1:2)); caused by Error: x"`);
  });

  test('colours only when asked', () => {
    expect(render(line({ msg: 'x', a: 1 }))).not.toContain('\u001b');
    expect(renderLogLine(line({ msg: 'x', a: 1, level: 'error' }), createColors(true))).toContain('\u001b[31mERROR\u001b[39m');
  });

  test.each([
    ['colours', '\u001b[31mred', '\\x1b[31mred'],
    ['8-bit control', '\u009b31mred', '\\x9b31mred'],
    ['line breaks', 'a\r\nb\u2028c', 'a\\r\\nb\\u2028c'],
    ['bell and backspace', '\u0007\b\u007f', '\\x07\\x08\\x7f'],
    ['reordering', 'user\u202e\u2066gpj', 'user\\u202e\\u2066gpj'],
    ['invisible text', 'a\u200bb\ufeff', 'a\\u200bb\\ufeff'],
    ['half a character', '\ud83d!', '\\ud83d!'],
  ])('%s in a message, a field, a name or a role are escaped', (_what, text, escaped) => {
    expect(render(line({ msg: text }))).toBe(HEAD + escaped);
    expect(render(line({ [`k${text}`]: text, msg: 'x' }))).not.toContain(text);
    expect(render(line({ role: text, level: text, msg: 'x' }))).not.toContain(text);
    expect(render(text)).toBe(escaped);
  });

  test('ordinary text of any script stays', () => {
    const text = 'Grüße 世界 مرحبا 👩‍👩‍👧 e\u0301';
    expect(render(line({ msg: text }))).toBe(HEAD + text);
  });

  test.each(['plain text', '', '{"half":', '[1,2]', 'null', '{} trailing'])('a line that is not ours is shown as it is: %s', (text) => {
    expect(render(text)).toBe(text);
  });

  test('strange fields are no problem', () => {
    expect(render('{"level":{"a":1},"time":"yesterday","msg":5,"role":[],"__proto__":{"x":1},"n":1e999}')).toBe('       n=null');
    expect(render(line({ time: 1e300, msg: 'x' }))).toBe('INFO  worker     x');
    expect(render(line({ big: 'y'.repeat(10_000), msg: 'x'.repeat(100_000) })).length).toBeLessThan(9_500);
  });

  test('whatever the line is, the result is one line without control characters', () => {
    const anything = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc
        .record({ level: fc.anything(), time: fc.anything(), msg: fc.anything(), err: fc.anything(), other: fc.anything() })
        .map((value) => {
          try {
            return JSON.stringify(value);
          } catch {
            return '{}';
          }
        }),
    );
    fc.assert(
      fc.property(anything, (text) => {
        // eslint-disable-next-line no-control-regex -- control characters are what must not be there
        expect(render(text)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/);
      }),
      { numRuns: 1_000 },
    );
  });
});
