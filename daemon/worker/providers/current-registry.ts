/** The registry of the `models.json` in force. */
import type { ModelsDocument } from '../../../shared/config/models-schema.js';
import { ProviderRegistry, type RegistryOptions } from './registry.js';

/** @param models  the document in force; a new object after each change */
export function currentRegistry(models: () => ModelsDocument, options: Omit<RegistryOptions, 'document'>): () => ProviderRegistry {
  let current: { document: ModelsDocument; registry: ProviderRegistry } | undefined;
  return () => {
    const document = models();
    if (current?.document !== document) current = { document, registry: new ProviderRegistry({ ...options, document }) };
    return current.registry;
  };
}
