/** What can answer: providers and their models. */
import type { ProviderRegistry } from '../providers/registry.js';
import type { ModelService, ProviderDocument } from './contracts.js';

const BUILT_IN: ProviderDocument = {
  id: 'xopc',
  name: 'Built-in guide',
  api: 'built-in',
  baseUrl: '',
  configured: true,
  source: 'built in',
};

/** An address may carry a name and password. */
function withoutCredentials(address: string): string {
  if (!URL.canParse(address)) return address;
  const url = new URL(address);
  if (url.username === '' && url.password === '') return address;
  url.username = '';
  url.password = '';
  return url.href;
}

/** @param registry  the one in force; asked at each call */
export function createModelService(registry: () => ProviderRegistry): ModelService {
  return {
    async providers() {
      const entries = registry().entries.map(({ id, name, api, baseUrl, problem, source }) => ({
        id,
        name,
        api,
        baseUrl: withoutCredentials(baseUrl),
        configured: problem === undefined,
        source,
      }));
      return [...entries, BUILT_IN];
    },
    models: () => registry().models(),
  };
}
