/** Suggestions for a search: names of filters, and values of the filter at its end. */
import { SESSION_FILTERS, SESSION_STATES, type SessionFilterName } from '../../../../shared/sessions/filters.js';
import type { Session } from './session-actions.js';
import { t } from './text.js';

export interface Suggestion {
  /** Replaces the last word. */
  readonly text: string;
  readonly about: string;
}

export interface Known {
  readonly sessions: readonly Session[];
  readonly tags: readonly string[];
}

const MAX_SHOWN = 9;
/** The descriptions of filters. */
const ABOUT: Readonly<Record<SessionFilterName, Parameters<typeof t>[0]>> = {
  from: 'aboutFrom',
  after: 'aboutAfter',
  before: 'aboutBefore',
  model: 'aboutModel',
  agent: 'aboutAgent',
  tag: 'aboutTag',
  is: 'aboutIs',
};
const ABOUT_STATE = { pinned: 'pinned', unread: 'unread', archived: 'archived', answering: 'answering', any: 'withArchived' } as const;
const AGES = ['12h', '1d', '7d', '4w'];

/** Returns the last word of a text; quotes keep spaces together. */
function lastWord(text: string): string {
  return /(?:"[^"]*"?|[^\s"])*$/.exec(text)?.[0] ?? '';
}

const distinct = (values: readonly (string | null)[]): string[] => [...new Set(values.filter((value) => value !== null))];

function valuesOf(name: SessionFilterName, { sessions, tags }: Known): Suggestion[] {
  const plain = (values: readonly string[]): Suggestion[] => values.map((text) => ({ text, about: '' }));
  switch (name) {
    case 'is':
      return SESSION_STATES.map((state) => ({ text: state, about: t(ABOUT_STATE[state]) }));
    case 'tag':
      return plain(tags);
    case 'from':
      return plain(distinct([...sessions.map(({ channel }) => channel), 'webchat', 'api', 'telegram', 'webhook', 'cron']));
    case 'agent':
      return plain(distinct(sessions.map(({ agentId }) => agentId)));
    case 'model':
      return plain(distinct(sessions.flatMap(({ model, lastModel }) => [model, lastModel])));
    case 'after':
    case 'before':
      return [...AGES.map((text) => ({ text, about: t('ago') })), { text: new Date().toLocaleDateString('sv'), about: t('today') }];
  }
}

const quoted = (value: string): string => (/\s/.test(value) ? `"${value}"` : value);

/** Returns the suggestions for the end of a text. */
export function suggestionsFor(text: string, known: Known): Suggestion[] {
  const word = lastWord(text);
  const [, minus = '', name, start = ''] = /^(-?)([a-z]+):"?(.*)$/i.exec(word) ?? [];
  const filter = SESSION_FILTERS.find((one) => one === name?.toLowerCase());
  if (filter !== undefined) {
    return valuesOf(filter, known)
      .filter(({ text: value }) => value.toLowerCase().includes(start.toLowerCase()) && value !== start)
      .slice(0, MAX_SHOWN)
      .map(({ text: value, about }) => ({ text: `${minus}${filter}:${quoted(value)} `, about }));
  }
  const begun = word.replace(/^-/, '').toLowerCase();
  return SESSION_FILTERS.filter((one) => one.startsWith(begun)).map((one) => ({
    text: `${word.startsWith('-') ? '-' : ''}${one}:`,
    about: t(ABOUT[one]),
  }));
}

export function accept(text: string, suggestion: Suggestion): string {
  return text.slice(0, text.length - lastWord(text).length) + suggestion.text;
}

/** Returns the words of a search; quotes keep spaces together. */
const wordsOf = (search: string): readonly string[] => search.match(/(?:"[^"]*"?|[^\s"])+/g) ?? [];

/** Adds a filter to a search, or removes it. */
export function toggleFilter(search: string, filter: string): string {
  const words = wordsOf(search);
  return (words.includes(filter) ? words.filter((word) => word !== filter) : [...words, filter]).join(' ');
}

export function hasFilter(search: string, filter: string): boolean {
  return wordsOf(search).includes(filter);
}

/** Whether a value is the beginning of a longer one. */
const BEGUN: Partial<Record<SessionFilterName, (value: string) => boolean>> = {
  is: (value) => SESSION_STATES.some((state) => state !== value && state.startsWith(value)),
  after: (value) => /^\d{1,4}(-\d{0,2}(-\d?)?)?$/.test(value),
  before: (value) => /^\d{1,4}(-\d{0,2}(-\d?)?)?$/.test(value),
};

/** Returns whether the last word is an unfinished filter: `is:`, `is:un`, `after:7`, `tag:"two wo`. */
export function isUnfinished(text: string): boolean {
  const [, name = '', value = ''] = /^-?([a-z]+):(.*)$/i.exec(lastWord(text)) ?? [];
  const filter = SESSION_FILTERS.find((one) => one === name.toLowerCase());
  if (filter === undefined) return false;
  return value === '' || /^"[^"]*$/.test(value) || BEGUN[filter]?.(value.toLowerCase()) === true;
}
