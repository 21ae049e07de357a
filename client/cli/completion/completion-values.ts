/** The values that a shell can complete: from a fixed set, from the configuration, or from the running gateway. */
import { APPROVAL_STATES, REMEMBER } from '../../../shared/api/tools/approval-states.js';
import { OUTGOING_STATUSES } from '../../../shared/delivery-status.js';
import { LOG_LEVELS } from '../../../shared/log/level.js';
import { LOG_MODULES } from '../../../shared/log/modules.js';

/** Sources of values. */
export type ValueKind =
  | 'sessions'
  | 'jobs'
  | 'deleted-jobs'
  | 'messages'
  | 'retryable'
  | 'droppable'
  | 'models'
  | 'testable'
  | 'providers'
  | 'servers'
  | 'keys'
  | 'codes'
  | 'senders'
  | 'tokens'
  | 'pending'
  | 'approvals'
  | 'grants';

/** The shells that have a completion script. */
export const SHELLS = ['bash', 'zsh', 'fish', 'powershell'] as const;
const CHANNELS = ['telegram', 'webhook', 'webchat'];

/** By option, or by the words of a command that takes a value as its next word. */
const CHOICES: Readonly<Record<string, readonly string[]>> = {
  completion: SHELLS,
  'gateway log-level': LOG_LEVELS,
  'channels approve': ['telegram'],
  'channels revoke': ['telegram'],
  '--channel': CHANNELS,
  '--alert-channel': CHANNELS,
  '--status': OUTGOING_STATUSES,
  '--state': [...APPROVAL_STATES, 'all'],
  '--remember': REMEMBER,
  '--level': LOG_LEVELS,
  '--module': LOG_MODULES,
  '--mode': ['direct', 'agent'],
  '--scope': ['read', 'chat', 'send', 'cron', 'admin'],
  '--format': ['jsonl', 'json', 'markdown'],
  '--by': ['model', 'day', 'session', 'agent', 'kind', 'token'],
  '--overlap': ['skip', 'queue', 'replace'],
  '--missed': ['once', 'skip'],
  '--interrupted': ['leave', 'again'],
  '--api': ['openai-completions', 'openai-responses', 'anthropic-messages', 'google-generative-ai'],
  '--runtime': ['node', 'binary'],
};
const OPTION_KINDS: Readonly<Record<string, ValueKind>> = { '--model': 'models', '--session': 'sessions', '--provider': 'providers' };
/** Commands in which an option has other values than elsewhere. */
const OWN_CHOICES: readonly { readonly command: string; readonly option: string; readonly choices: readonly string[] }[] = [
  { command: 'cron add', option: '--session', choices: ['main', 'isolated'] },
  { command: 'cron edit', option: '--session', choices: ['main', 'isolated'] },
];
/** The commands whose next word is a value, by its source. */
const ARGUMENTS: readonly { readonly group: string; readonly kind: ValueKind; readonly verbs: readonly string[] }[] = [
  {
    group: 'sessions',
    kind: 'sessions',
    verbs: ['show', 'summary', 'delete', 'export', 'pin', 'unpin', 'archive', 'unarchive', 'read', 'unread', 'tag'],
  },
  { group: 'messages', kind: 'messages', verbs: ['show'] },
  { group: 'messages', kind: 'retryable', verbs: ['retry'] },
  { group: 'messages', kind: 'droppable', verbs: ['drop'] },
  { group: 'channels approve', kind: 'codes', verbs: ['telegram'] },
  { group: 'channels revoke', kind: 'senders', verbs: ['telegram'] },
  { group: 'models', kind: 'models', verbs: ['default'] },
  { group: 'models', kind: 'testable', verbs: ['test'] },
  { group: 'mcp', kind: 'servers', verbs: ['test', 'tools', 'call', 'remove'] },
  { group: 'cron', kind: 'jobs', verbs: ['edit', 'remove', 'enable', 'disable', 'run', 'history'] },
  { group: 'cron', kind: 'deleted-jobs', verbs: ['restore'] },
  { group: 'token', kind: 'tokens', verbs: ['revoke'] },
  { group: 'approvals', kind: 'approvals', verbs: ['show'] },
  { group: 'approvals', kind: 'grants', verbs: ['revoke'] },
  { group: '', kind: 'pending', verbs: ['approve', 'deny'] },
  { group: 'config', kind: 'keys', verbs: ['get', 'set', 'unset'] },
];
const ARGUMENT_KINDS: Readonly<Record<string, ValueKind>> = Object.fromEntries(
  ARGUMENTS.flatMap(({ group, kind, verbs }) => verbs.map((verb) => [`${group} ${verb}`.trim(), kind])),
);

const isOption = (name: string): boolean => name.startsWith('-');

/** Commands and options whose next word `xopc @complete` can complete. */
export const ASKED_PATHS: readonly string[] = [...Object.keys(ARGUMENT_KINDS), ...Object.keys(CHOICES).filter((name) => !isOption(name))];
export const ASKED_OPTIONS: readonly string[] = [...Object.keys(CHOICES).filter(isOption), ...Object.keys(OPTION_KINDS)];

/**
 * @param path  the command's words, without options
 * @param previous  the word before the completed one @returns the choices, their source, or undefined
 */
export function valuesFor(path: string, previous: string): readonly string[] | ValueKind | undefined {
  const own = OWN_CHOICES.find(({ command, option }) => option === previous && (path === command || path.startsWith(`${command} `)));
  if (own !== undefined) return own.choices;
  const value = isOption(previous) ? (CHOICES[previous] ?? OPTION_KINDS[previous]) : undefined;
  return value ?? CHOICES[path] ?? ARGUMENT_KINDS[path];
}

interface SchemaNode {
  readonly properties?: Readonly<Record<string, SchemaNode>>;
}

/** Dotted keys of a JSON Schema, including sections. */
export function schemaKeys({ properties = {} }: SchemaNode, prefix = ''): string[] {
  return Object.entries(properties).flatMap(([name, node]) => [`${prefix}${name}`, ...schemaKeys(node, `${prefix}${name}.`)]);
}
