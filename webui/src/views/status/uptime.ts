/** The uptime of the gateway. */
import type { GatewayHealth } from '../../../../shared/api/gateway/status.js';

const DECIMALS = 100;

/** Returns the uptime in percent, rounded down: 100 only if the gateway was never down and never crashed. */
export function uptimeOf({ since, crashes, downMs }: GatewayHealth['last24Hours'], nowMs = Date.now()): string {
  const share = 100 * (1 - downMs / Math.max(1, nowMs - Date.parse(since)));
  const isPerfect = crashes === 0 && downMs === 0;
  const shown = Math.floor(Math.max(0, share) * DECIMALS) / DECIMALS;
  return isPerfect ? '100%' : `${Math.min(shown, 100 - 1 / DECIMALS)}%`;
}
