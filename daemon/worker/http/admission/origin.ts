/** Decides which other web pages may call: those of `gateway.cors.origins` while CORS is enabled. */
import type { CorsConfig } from './rules.js';

/** Whether CORS names the origin itself (`listed`) or only by `*`. */
export function corsMatch(cors: CorsConfig, origin: string): 'listed' | 'any' | 'none' {
  if (!cors.enabled || origin === '' || origin === 'null') return 'none';
  if (cors.origins.includes(origin)) return 'listed';
  return cors.origins.includes('*') ? 'any' : 'none';
}
