/**
 * Finds the code and the values of a text that the gateway said: failures are stored and passed on as text. A value may be such a text again. What vendors
 * and people say has no code.
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

/** Those with a sentence in front or behind, outermost first: the sentences in them must not be found first. */
const COMPOSED: readonly string[] = [
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

/** A longer one was not said by the gateway alone, and would take time. */
const MAX_LENGTH = 4_000;

const escaped = (text: string): string => text.replace(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`);

/** Splits a text at its places for values: text, name, the two words that the value chooses from, text … */
const parted = (text: string): (string | undefined)[] => text.split(/\{(\w+)(?::([^|}]*)\|([^}]*))?\}/);

/** Values of a form that is known; they may be empty. */
const FORMS: Readonly<Record<string, string>> = { http: String.raw`(?: \(HTTP \d+\))?` };

interface Pattern {
  readonly code: string;
  readonly pattern: RegExp;
  /** Names of values that the text chooses its words by. */
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
  // Of two that fit, the one that says more itself.
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

/** Returns what an answer of the API has beside a text: `why`, if it is the gateway's own. */
export function whyOf(text: string | null | undefined): { why?: KnownSentence } {
  const why = knownSentence(text);
  return why === undefined ? {} : { why };
}
