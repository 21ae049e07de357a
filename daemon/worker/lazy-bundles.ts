/** The bundles that a worker loads on demand; their files are opened at its start. */
import { holdBundle } from '../../shared/node/build/held-bundle.js';
import type { PostgresModule } from './create-store.js';
import type * as LateModule from './lazy/late.js';
import type * as McpModule from './lazy/mcp.js';
import type { AiModule } from './providers/provider.js';

export type LoadLate = () => typeof LateModule;

export interface LazyBundles {
  readonly loadAi: () => AiModule;
  readonly loadPostgres: () => PostgresModule;
  readonly loadLate: LoadLate;
  readonly loadMcp: () => typeof McpModule;
}

export function holdBundles(): LazyBundles {
  return { loadAi: holdBundle('ai'), loadPostgres: holdBundle('database'), loadLate: holdBundle('late'), loadMcp: holdBundle('mcp') };
}
