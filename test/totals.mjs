/** What the rounds of a test run come to. */
import { readFileSync } from 'node:fs';

const NOTHING = { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0, testResults: [] };

function readReport(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    // A run that was killed leaves none, or half of one.
    if (error.code === 'ENOENT' || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

const MESSAGE_LINES = 12;
const PAGE_LINES = 30;
/** Begins what `test/helpers/browser.ts` adds to an error. */
const PAGE = /^The page \S+ shows:$/m;

/** @returns what failed: `FILE > TEST` with the beginning of the error; files that do not load by their own message */
function failuresOf({ testResults }) {
  return testResults.flatMap(({ name, status, message, assertionResults }) => {
    if (status === 'failed' && assertionResults.length === 0) return [{ title: name, message: message ?? '' }];
    const failed = assertionResults.filter((test) => test.status === 'failed');
    return failed.map((test) => ({ title: `${name} > ${test.fullName}`, message: test.failureMessages?.[0] ?? '' }));
  });
}

/**
 * Totals of one round. A run that failed without a failed test (an unhandled error, a file that does not load, a crash) counts
 * as one failure, and so does one without a report.
 * @param report  path of vitest's JSON report
 * @returns also `long`: how many of the skipped tests are left to `npm run torture`; `errors`: a test that is repeated has one for each failed round
 */
export function readTotals(report, exitCode) {
  const found = readReport(report);
  const result = found ?? NOTHING;
  const brokenFiles = result.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0).length;
  const failed = result.numFailedTests + brokenFiles;
  const tests = result.testResults.flatMap((file) => file.assertionResults);
  return {
    passed: result.numPassedTests,
    failed: exitCode === 0 && found !== undefined ? failed : Math.max(failed, 1),
    skipped: result.numPendingTests + result.numTodoTests,
    long: tests.filter(({ status, tags = [] }) => status === 'skipped' && tags.includes('long')).length,
    failures: failuresOf(result),
    errors: tests.reduce((sum, { failureMessages = [] }) => sum + failureMessages.length, 0),
  };
}

export function addTotals(rounds) {
  const sum = (key) => rounds.reduce((total, round) => total + round[key], 0);
  return {
    passed: sum('passed'),
    failed: sum('failed'),
    skipped: sum('skipped'),
    long: sum('long'),
    failures: rounds.flatMap(({ failures = [] }) => failures),
  };
}

/** Names the failures of all rounds again, after what their pages showed: a log that is cut to its end still says what failed. */
export function describeFailures({ failures }) {
  const first = (text, count) => text.split('\n').slice(0, count).join('\n');
  return failures
    .map(({ title, message }) => {
      const at = message.search(PAGE);
      const [error, shown] = at < 0 ? [message, ''] : [message.slice(0, at), `${first(message.slice(at), PAGE_LINES)}\n`];
      return `${shown}FAILED ${title}\n${first(error, MESSAGE_LINES)}\n`;
    })
    .join('\n');
}

/** Says where the tests run that were left out because they take long. */
export function describeLong({ long }) {
  return long > 0 ? `${long} of the skipped tests take long and run with: npm run torture -- long\n` : '';
}

/** The last line of a run. @returns `N passed, N failed[, N skipped]` */
export function describeTotals({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}
