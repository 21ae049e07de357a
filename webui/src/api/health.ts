/** The gateway's health as last loaded, shared by the status view and the navigation. */
import { signal } from '@preact/signals';
import type { GatewayHealth, StatusDocument } from '../../../shared/api/gateway/status.js';
import { call } from './client.js';

export const health = signal<GatewayHealth | undefined>(undefined);

/** Returns the health from the rest of the status: an older supervisor does not report it. */
function fromState({ ready, worker, restarts }: StatusDocument): GatewayHealth {
  const since = worker?.startedAt ?? new Date().toISOString();
  const last24Hours = { since, crashes: restarts.crashes, restarts: restarts.planned, downMs: 0 };
  return { state: ready ? 'healthy' : 'down', since, issues: [], last24Hours };
}

export async function readStatus(abort?: AbortSignal): Promise<StatusDocument & { readonly health: GatewayHealth }> {
  const status = await call<StatusDocument>('GET', '/api/status', abort === undefined ? {} : { signal: abort });
  const known = status.health ?? fromState(status);
  health.value = known;
  return { ...status, health: known };
}
