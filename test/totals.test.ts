import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { tempDir } from './helpers/temp-dir.js';
import { addTotals, describeFailures, describeLong, describeTotals, readTotals } from './totals.mjs';

const FILE = { status: 'passed', assertionResults: [{}] };
const REPORT = { numPassedTests: 7, numFailedTests: 0, numPendingTests: 2, numTodoTests: 1, testResults: [FILE] };

function totalsOf(report: object | string | undefined, exitCode: number): { passed: number; failed: number; skipped: number } {
  const path = join(tempDir(), 'report.json');
  if (report !== undefined) writeFileSync(path, typeof report === 'string' ? report : JSON.stringify(report));
  return readTotals(path, exitCode);
}

describe('a round', () => {
  test('that passes counts what it ran and what it left out', () => {
    expect(totalsOf(REPORT, 0)).toEqual({ passed: 7, failed: 0, skipped: 3, long: 0, failures: [], errors: 0 });
  });

  test('knows which of the skipped tests take long', () => {
    const tests = [
      { status: 'skipped', tags: ['long'] },
      { status: 'skipped', tags: [] },
      { status: 'passed', tags: ['long'] },
    ];
    expect(totalsOf({ ...REPORT, testResults: [{ ...FILE, assertionResults: tests }] }, 0)).toMatchObject({ skipped: 3, long: 1 });
  });

  test('counts an error for each failed repetition of a test', () => {
    const file = { status: 'failed', name: 'a.test.ts', assertionResults: [{ status: 'failed', failureMessages: ['one', 'two'] }] };
    expect(totalsOf({ ...REPORT, testResults: [file, FILE] }, 1)).toMatchObject({ errors: 2 });
  });

  const broken = [FILE, { status: 'failed', assertionResults: [] }];
  test.each([
    { name: 'an unhandled error', report: REPORT, exitCode: 1, expected: { passed: 7, failed: 1 } },
    { name: 'two failed tests', report: { ...REPORT, numFailedTests: 2 }, exitCode: 1, expected: { passed: 7, failed: 2 } },
    { name: 'a file that does not load', report: { ...REPORT, testResults: broken }, exitCode: 1, expected: { passed: 7, failed: 1 } },
    { name: 'a crash that leaves no report', report: undefined, exitCode: 139, expected: { passed: 0, failed: 1 } },
    { name: 'a crash that leaves half a report', report: '{ "numPassedTests": 7, "n', exitCode: 137, expected: { passed: 0, failed: 1 } },
    { name: 'no report although it ended well', report: undefined, exitCode: 0, expected: { passed: 0, failed: 1 } },
  ])('with $name has failed', ({ report, exitCode, expected }) => {
    expect(totalsOf(report, exitCode)).toMatchObject(expected);
  });
});

test('the last line names all rounds together, and what was left out only if something was', () => {
  const rounds = [
    { passed: 1, failed: 0, skipped: 2, long: 1 },
    { passed: 3, failed: 4, skipped: 0, long: 0 },
  ];
  expect(describeTotals(addTotals(rounds))).toBe('4 passed, 4 failed, 2 skipped');
  expect(describeLong(addTotals(rounds))).toMatch(/^1 of the skipped tests .+: npm run torture -- long\n$/);
  expect(describeTotals(addTotals([]))).toBe('0 passed, 0 failed');
  expect(describeLong(addTotals([]))).toBe('');
});

test('what failed is named with the beginning of its error', () => {
  const path = join(tempDir(), 'report.json');
  const long = ['AssertionError: no', ...Array.from({ length: 40 }, (_, line) => `at line ${line}`)].join('\n');
  const failed = {
    name: 'a.test.ts',
    status: 'failed',
    assertionResults: [{ status: 'passed' }, { status: 'failed', fullName: 'one', failureMessages: [long] }],
  };
  const broken = { name: 'b.test.ts', status: 'failed', message: 'SyntaxError: yes', assertionResults: [] };
  writeFileSync(path, JSON.stringify({ ...REPORT, numFailedTests: 1, testResults: [failed, broken] }));
  const text = describeFailures(addTotals([readTotals(path, 1)]));
  expect(text).toContain('FAILED a.test.ts > one\nAssertionError: no\n');
  expect(text).toContain('FAILED b.test.ts\nSyntaxError: yes');
  expect(text.split('\n').length).toBeLessThan(20);
});

test('what a page showed when its test failed comes before the error', () => {
  const shown = Array.from({ length: 100 }, (_, line) => `- text: ${line}`).join('\n');
  const message = `TimeoutError: no button\n    at one.ts:1:1\nThe page http://127.0.0.1:1/#/models shows:\n${shown}`;
  const text = describeFailures({ failures: [{ title: 'one', message }] });
  expect(text).toMatch(/^The page \S+ shows:\n- text: 0\n[^]+- text: 28\nFAILED one\nTimeoutError: no button\n    at one\.ts:1:1\n/);
  expect(text).not.toContain('- text: 29');
});
