/** The bundles that a worker loads on demand; their files are opened at its start. */
import { holdBundle } from '../../shared/node/build/held-bundle.js';
import type { PostgresModule } from './conversation.js';
import type * as LateModule from './lazy/late.js';
import type * as McpModule from './lazy/mcp.js';
import type { AiModule } from './providers/provider.js';

export const holdBundles = () => ({
  loadAi: holdBundle<AiModule>('ai'),
  loadPostgres: holdBundle<PostgresModule>('database'),
  loadLate: holdBundle<typeof LateModule>('late'),
  loadMcp: holdBundle<typeof McpModule>('mcp'),
});
