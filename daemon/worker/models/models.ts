/** The providers and their models. */
import type { ModelList, ProviderDocument, ProviderTest, ProviderTestResult } from '../../../shared/api/models.js';
import { GUIDE_PROVIDER } from '../../../shared/config/defaults.js';
import type { AgentConfig, Config } from '../../../shared/config/schema.js';
import { enabledAgents } from '../config/agents.js';
import type { CallReport } from './model-calls.js';
import type { ProviderRegistry } from '../providers/registry.js';
import { GatewayError } from '../../../shared/errors.js';
import { checkConnection } from '../providers/check-connection.js';
import type { ConnectionSettings } from '../providers/provider.js';
import { originOf, withoutCredentials } from '../providers/provider-entry.js';
import { chooseModels } from '../turns/model/model-choice.js';

const BUILT_IN = {
  id: GUIDE_PROVIDER,
  name: 'Built-in guide',
  api: 'built-in',
  baseUrl: '',
  configured: true,
  source: 'built in',
};

/** Returns the given settings, completed with the stored ones. The stored key is never sent to another server. */
function settingsFor({ id, baseUrl, apiKey, api }: ProviderTest, registry: ProviderRegistry): ConnectionSettings {
  const stored = id === undefined ? undefined : registry.settingsOf(id);
  const address = baseUrl ?? stored?.baseUrl;
  if (address === undefined) {
    throw new GatewayError('INVALID_REQUEST', {
      message: id === undefined ? 'neither id nor baseUrl is given' : `there is no provider '${id}', and no baseUrl is given`,
      hint: 'GET /api/providers lists those that are known.',
    });
  }
  const origin = originOf(address);
  if (origin === undefined)
    throw new GatewayError('INVALID_REQUEST', { message: `invalid address '${address}': write e.g. http://127.0.0.1:8000/v1` });
  const isItsServer = stored !== undefined && originOf(stored.baseUrl) === origin;
  const key = apiKey ?? (isItsServer ? stored.apiKey : undefined);
  const base = { id: id ?? 'new', name: stored?.name ?? origin, api: api ?? stored?.api ?? 'openai-completions' } as const;
  // Credentials in the given address are newer than those of the stored one.
  const given = withoutCredentials(address);
  const headers = { ...(isItsServer ? stored.headers : {}), ...given.headers };
  return { ...base, baseUrl: given.baseUrl, headers, ...(key === undefined ? {} : { apiKey: key }) };
}

/** Returns an address with the user and password of another address. */
function withCredentialsOf(given: string, address: string): string {
  const { username, password } = new URL(given);
  return username === '' && password === '' ? address : Object.assign(new URL(address), { username, password }).href;
}

export type ModelService = ReturnType<typeof createModelService>;

export interface ModelServiceOptions {
  /** Returns the one in force. */
  readonly registry: () => ProviderRegistry;
  /** Outcomes of calls. */
  readonly calls: { read(): Promise<CallReport> };
  /** Returns the one in force. */
  readonly config: () => Config;
}

/** Returns the enabled agents, the default one first. */
function agentsOf(config: Config): readonly AgentConfig[] {
  const { default: first } = config.agents;
  return enabledAgents(config).toSorted((a, b) => Number(b.id === first) - Number(a.id === first));
}

export function createModelService({ registry, calls, config }: ModelServiceOptions) {
  return {
    async providers(): Promise<ProviderDocument[]> {
      const report = await calls.read();
      const entries = registry().entries.map(({ id, name, api, baseUrl, problem, source }) => ({
        id,
        name,
        api,
        baseUrl,
        configured: problem === undefined,
        source,
      }));
      return [...entries, BUILT_IN].map((entry) => ({ ...entry, ...report.ofProvider(entry.id) }));
    },
    async models(): Promise<ModelList> {
      const defaults = agentsOf(config()).map(async (agent) => {
        const [{ ref }] = await chooseModels({ requested: undefined, agent, config: config() }, registry());
        return { agentId: agent.id, model: ref };
      });
      const { model, maxSeconds } = config().transcription;
      const [models, report] = await Promise.all([registry().models(), calls.read()]);
      return {
        models: models.map((model) => ({ ...model, ...report.ofModel(model.id) })),
        defaults: await Promise.all(defaults),
        transcription: model === undefined ? null : { model, maxSeconds },
      };
    },

    /** Asks a provider for its models. @throws INVALID_REQUEST without an address; the stored key never goes to another server */
    async test(provider: ProviderTest): Promise<ProviderTestResult> {
      const result = await checkConnection(settingsFor(provider, registry()), provider.model);
      const { suggestedBaseUrl } = result;
      if (suggestedBaseUrl === null || provider.baseUrl === undefined) return result;
      return { ...result, suggestedBaseUrl: withCredentialsOf(provider.baseUrl, suggestedBaseUrl) };
    },
  };
}
