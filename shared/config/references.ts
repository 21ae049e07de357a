/**
 * Checks that the providers, agents and MCP servers that `config.json` names exist, and that its secrets can be used. Otherwise, only the
 * first message would fail.
 */
import { type ConfigDocument, describeFirst, problemAt } from './document.js';
import { formatKey, type KeyPath, showKey } from './key-path.js';
import type { ModelsDocument } from './models-schema.js';
import type { Config, ModelChoice } from './schema.js';
import type { Problem } from '../errors.js';
import { listNames } from '../text/list-names.js';
import { explain, reason } from '../text/reasons.js';
import { GUIDE_PROVIDER } from './defaults.js';
import { BUILT_IN_PROVIDERS, splitRef } from './known-providers.js';

interface Reference {
  readonly path: KeyPath;
  readonly model: string;
}

function referencesIn(choice: ModelChoice | undefined, path: KeyPath): Reference[] {
  if (choice === undefined) return [];
  if (typeof choice === 'string') return [{ path, model: choice }];
  return [
    { path: [...path, 'primary'], model: choice.primary },
    ...choice.fallbacks.map((model, index) => ({ path: [...path, 'fallbacks', index], model })),
  ];
}

function allReferences(config: Config): Reference[] {
  return [
    ...referencesIn(config.agents.defaults.model, ['agents', 'defaults', 'model']),
    ...referencesIn(config.agents.defaults.summaryModel, ['agents', 'defaults', 'summaryModel']),
    ...referencesIn(config.transcription.model, ['transcription', 'model']),
    ...config.agents.list.flatMap((agent, index) => referencesIn(agent.model, ['agents', 'list', index, 'model'])),
  ];
}

/** Returns one problem for each reference to a provider that is neither built in nor in `models.json`. */
export function findUnknownProviders(options: {
  document: ConfigDocument;
  config: Config;
  models: ModelsDocument;
  modelsFile: string;
  modelsExist: boolean;
}): Problem[] {
  const { document, config, models } = options;
  const known = new Set([...(models.mode === 'merge' ? BUILT_IN_PROVIDERS : [GUIDE_PROVIDER]), ...Object.keys(models.providers)]);
  const unknown = allReferences(config).filter(({ model }) => !known.has(splitRef(model).providerId));
  return describeFirst(document, unknown, ({ path, model }) => {
    const { providerId: provider } = splitRef(model);
    const values = { model, provider, file: options.modelsFile, names: listNames(known) };
    const what = reason(options.modelsExist ? 'provider-unknown' : 'provider-without-file', values);
    return [problemAt(document, path, { key: formatKey(path), ...explain(what) })];
  });
}

interface NameReference<Code extends string = 'not-in-list' | 'not-in-servers' | 'not-time-zone'> {
  readonly path: KeyPath;
  readonly name: string;
  readonly code: Code;
}

function agentsOfAccounts({ channels }: Config): NameReference<'not-in-list'>[] {
  return Object.entries(channels).flatMap(([channel, settings]) =>
    Object.entries(settings?.accounts ?? {}).flatMap(([account, { agentId: name }]): NameReference<'not-in-list'>[] =>
      name === undefined ? [] : [{ path: ['channels', channel, 'accounts', account, 'agentId'], name, code: 'not-in-list' }],
    ),
  );
}

function serversOfAgents({ agents }: Config): NameReference<'not-in-servers'>[] {
  const lists = [
    { path: ['agents', 'defaults'], names: agents.defaults.mcpServers },
    ...agents.list.map(({ mcpServers: names }, index) => ({ path: ['agents', 'list', index], names })),
  ];
  return lists.flatMap(({ path, names = [] }) =>
    names.map((name, index): NameReference<'not-in-servers'> => ({ path: [...path, 'mcpServers', index], name, code: 'not-in-servers' })),
  );
}

function isTimeZone(text: string): boolean {
  if (text === 'system') return true;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }).format() !== '';
  } catch {
    return false;
  }
}

/** A secret of Standard Webhooks; their library also takes it without prefix or padding. */
const SIGNING_SECRET = /^(?:whsec_)?[A-Za-z0-9+/]+={0,2}$/;

/** Returns the secrets with which a webhook account cannot sign. */
function badSigningSecrets({ channels }: Config): KeyPath[] {
  return Object.entries(channels.webhook?.accounts ?? {}).flatMap(([account, settings]) =>
    (['secret', 'previousSecret'] as const)
      .filter((name) => settings[name] !== undefined && !SIGNING_SECRET.test(settings[name]))
      .map((name) => ['channels', 'webhook', 'accounts', account, name]),
  );
}

/**
 * Finds unknown agents, MCP servers and time zones, and secrets that cannot sign. Unlike an unknown provider, they are warnings: only the
 * chats, agents and jobs that use them fail.
 */
export function findUnusable(document: ConfigDocument, config: Config): Problem[] {
  const known = {
    'not-in-list': new Set(config.agents.list.map(({ id }) => id)),
    'not-in-servers': new Set(Object.keys(config.mcp.servers)),
  };
  const { defaultTimezone } = config.cron;
  const unknown: NameReference[] = [...agentsOfAccounts(config), ...serversOfAgents(config)].filter(
    ({ name, code }) => !known[code].has(name),
  );
  if (!isTimeZone(defaultTimezone)) unknown.push({ path: ['cron', 'defaultTimezone'], name: defaultTimezone, code: 'not-time-zone' });
  const found = [
    ...unknown.map(({ path, name, code }) => ({ path, what: reason(code, { value: name }) })),
    ...badSigningSecrets(config).map((path) => ({ path, what: reason('not-signing-secret') })),
  ];
  return describeFirst(document, found, ({ path, what }) => {
    const textPath = document.textPath(path);
    return [problemAt(document, textPath, { key: showKey(textPath), ...explain(what) })];
  });
}
