/** What a shell may complete where a value is expected: of a fixed set, of the configuration, or known to the running gateway. */
import { LOG_LEVELS } from '../../../shared/log/level.js';
import { LOG_MODULES } from '../../../shared/log/modules.js';

/** Sources of values. */
export type ValueKind = 'sessions' | 'jobs' | 'messages' | 'models' | 'keys';

const CHOICES: Readonly<Record<string, readonly string[]>> = {
  '--level': LOG_LEVELS,
  '--module': LOG_MODULES,
  '--mode': ['direct', 'agent'],
  '--format': ['jsonl', 'json', 'markdown'],
  '--by': ['model', 'day', 'session'],
  '--runtime': ['node', 'binary'],
};
const OPTION_KINDS: Readonly<Record<string, ValueKind>> = { '--model': 'models', '--session': 'sessions' };
/** The commands whose next word is a value, by its source. */
const ARGUMENTS: readonly { readonly group: string; readonly kind: ValueKind; readonly verbs: readonly string[] }[] = [
  {
    group: 'sessions',
    kind: 'sessions',
    verbs: ['show', 'delete', 'export', 'pin', 'unpin', 'archive', 'unarchive', 'read', 'unread', 'tag'],
  },
  { group: 'messages', kind: 'messages', verbs: ['show', 'retry', 'drop'] },
  { group: 'models', kind: 'models', verbs: ['default', 'test'] },
  { group: 'cron', kind: 'jobs', verbs: ['edit', 'remove', 'enable', 'disable', 'run', 'history'] },
  { group: 'config', kind: 'keys', verbs: ['get', 'set', 'unset'] },
];
const ARGUMENT_KINDS: Readonly<Record<string, ValueKind>> = Object.fromEntries(
  ARGUMENTS.flatMap(({ group, kind, verbs }) => verbs.map((verb) => [`${group} ${verb}`, kind])),
);

/** Commands and options whose next word `xopc @complete` can complete. */
export const ASKED_PATHS: readonly string[] = Object.keys(ARGUMENT_KINDS);
export const ASKED_OPTIONS: readonly string[] = [...Object.keys(CHOICES), ...Object.keys(OPTION_KINDS)];

/**
 * @param path  the command's words, without options
 * @param previous  the word before the completed one @returns the choices, their source, or undefined
 */
export function valuesFor(path: string, previous: string): readonly string[] | ValueKind | undefined {
  return CHOICES[previous] ?? OPTION_KINDS[previous] ?? ARGUMENT_KINDS[path];
}

interface SchemaNode {
  readonly properties?: Readonly<Record<string, SchemaNode>>;
}

/** Dotted keys of a JSON Schema, including sections. */
export function schemaKeys({ properties = {} }: SchemaNode, prefix = ''): string[] {
  return Object.entries(properties).flatMap(([name, node]) => [`${prefix}${name}`, ...schemaKeys(node, `${prefix}${name}.`)]);
}
