/** Checks that every model in `config.json` has a provider, which would otherwise only fail at the first message. */
import { type ConfigDocument, describeFirst, problemAt } from './document.js';
import { formatKey, type KeyPath } from './key-path.js';
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
