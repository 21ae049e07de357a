/** Commands that people are shown, to be pasted: what others may have chosen must be a word of them and nothing more. */
import { expect, test } from 'vitest';
import { readAllSources, readSource } from './source-tree.js';

/** The commands of `xopc`, as the client finds them in its texts. */
const [OURS] = /\(\?:acp\|[a-z|]+\)/.exec(readSource('client/cli/command-name.ts').text) ?? [];
const OTHERS = String.raw`mv|chmod|chown|ls -\w+|rm -\w+|cp|sqlite3|loginctl|systemctl|journalctl|launchctl`;
/** Up to a value. A command ends at a quote, a tag, or three spaces. */
const BEFORE_VALUE = String.raw`\b(?:xopc ${OURS}|${OTHERS})(?= )(?:(?!   )[^\`'"<\n])*?\$\{`;
const UNSAFE = new RegExp(String.raw`${BEFORE_VALUE}(?!(?:shellWord|shellQuote|pathWord)\()`, 'g');
/** A template of `shellCommand`, whose values may be templates themselves. */
const SAFE = /\bshellCommand`(?:[^`$]|\$(?!\{)|\$\{(?:[^`{}]|`(?:[^`{}]|\{[^}]*\})*`)*\})*`/g;

function unsafeCommands(text: string): string[] {
  return text
    .replaceAll(SAFE, "''")
    .split('\n')
    .filter((line) => !/^\s*(?:\/\/|\*|\/\*)/.test(line))
    .flatMap((line) => [...line.matchAll(UNSAFE)].map(({ 0: found }) => found));
}

test('a value in a command that is shown is quoted by shellCommand', () => {
  expect(OURS).toContain('sessions');
  const found = readAllSources().flatMap(({ path, text }) => unsafeCommands(text).map((command) => `${path}: ${command}`));
  expect(found).toEqual([]);
});

test.each([
  ['`Restore it with: xopc sessions restore ${key}`', 1],
  ['`rm -f ${path}`', 1],
  ['`See: ${shellCommand`xopc cron history ${id}`}   Or: xopc cron run ${id}`', 1],
  ['`See: ${shellCommand`xopc cron history ${`${id}.x`}`}`', 0],
  ['`ls -ld ${shellWord(path)}`', 0],
  ['`xopc restore FILE   Or move ${path} away`', 0],
])('of %s it finds %i', (line, count) => {
  expect(unsafeCommands(line)).toHaveLength(count);
});
