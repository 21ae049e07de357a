/**
 * Finds the code and the values of one of the gateway's own texts, because failures are stored and passed on as text. A value may
 * again be such a text. Texts of vendors and people have no code.
 */
import { ACCESS_REASONS } from './access.js';
import { ANSWER_REASONS } from './answer.js';
import { APPROVAL_REASONS } from './approval.js';
import { CHANNEL_REASONS } from './channel.js';
import { GATEWAY_REASONS } from './gateway.js';
import { ISSUE_REASONS } from './issue.js';
import { REASONS } from '../reasons.js';
import { STORE_REASONS } from './store.js';

export const SENTENCES: Readonly<Record<string, string>> = {
  ...GATEWAY_REASONS,
  ...ISSUE_REASONS,
  ...ANSWER_REASONS,
  ...CHANNEL_REASONS,
  ...STORE_REASONS,
  ...APPROVAL_REASONS,
  ...ACCESS_REASONS,
  'no-agent': REASONS['no-agent'],
  'agent-disabled': REASONS['agent-disabled'],
};

export interface KnownSentence {
  readonly code: string;
  readonly values: Readonly<Record<string, string | number | KnownSentence>>;
}

/** Texts that contain another sentence at their start or end, outermost first: the inner sentences must not be found first. */
const COMPOSED: readonly string[] = [
  'run-not-retried',
  'worker-not-running',
  'last-good-configuration',
  'with-last-exit',
  'issue-channel',
  'issue-provider',
  'with-last-error',
  'account-stopped-for',
  'account-retries-for',
  'delivery-expired-after',
  'delivery-interrupted',
  'receiver-redirects',
  'channel-failed',
  'voice-failed',
  'with-fallback',
  'with-next-fallback',
  'with-detail',
];

/** A longer text is not purely the gateway's own, and matching it would take time. */
const MAX_LENGTH = 4_000;

const escaped = (text: string): string => text.replace(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`);

/** Splits a text at its placeholders: text, name, the two words that the value chooses from, text … */
const parted = (text: string): (string | undefined)[] => text.split(/\{(\w+)(?::([^|}]*)\|([^}]*))?\}/);

/** Values of a known form; they may be empty. */
const FORMS: Readonly<Record<string, string>> = { http: String.raw`(?: \(HTTP \d+\))?` };

interface Pattern {
  readonly code: string;
  readonly pattern: RegExp;
  /** Names of values that select words of the text. */
  readonly numbers: ReadonlySet<string>;
  readonly rank: number;
}

function patternOf([code, text]: [string, string]): Pattern {
  const [first = '', ...parts] = parted(text);
  const numbers = new Set([...text.matchAll(/\{(\w+):/g)].map(([, name = '']) => name));
  let source = escaped(first);
  let length = first.length;
  for (let at = 0; at < parts.length; at += 4) {
    const [name = '', one, other = '', after = ''] = parts.slice(at, at + 4);
    const value = numbers.has(name) ? String.raw`\d+` : (FORMS[name] ?? '[^]+?');
    source += (one === undefined ? `(?<${name}>${value})` : `(?:${escaped(one)}|${escaped(other)})`) + escaped(after);
    length += after.length;
  }
  const composed = COMPOSED.indexOf(code);
  // If two texts match, prefer the one with more fixed text.
  const rank = composed === -1 ? COMPOSED.length + 1 / (length + 1) : composed;
  return { code, pattern: new RegExp(`^${source}$`), numbers, rank };
}

const PATTERNS = Object.entries(SENTENCES)
  .map(patternOf)
  .toSorted((one, other) => one.rank - other.rank);

function find(text: string): KnownSentence | undefined {
  for (const { code, pattern, numbers } of PATTERNS) {
    const found = pattern.exec(text);
    if (found === null) continue;
    const values = Object.entries(found.groups ?? {}).map(
      ([name, value]) => [name, numbers.has(name) ? Number(value) : (find(value) ?? value)] as const,
    );
    return { code, values: Object.fromEntries(values) };
  }
  return undefined;
}

/** Returns undefined for a text that is not the gateway's own. */
export function knownSentence(text: string | null | undefined): KnownSentence | undefined {
  return text === null || text === undefined || text.length > MAX_LENGTH ? undefined : find(text);
}

/** Returns the `why` that accompanies a text in an API answer, if the text is the gateway's own. */
export function whyOf(text: string | null | undefined): { why?: KnownSentence } {
  const why = knownSentence(text);
  return why === undefined ? {} : { why };
}
