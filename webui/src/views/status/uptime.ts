/** How much of the known time the gateway was up, and when it was not. */
import type { z } from 'zod';
import type { overviewHistoryResponse } from '../../../../shared/api/gateway/overview.js';

type History = z.output<ReturnType<typeof overviewHistoryResponse>>;
type Part = Pick<History['buckets'][number], 'at' | 'state' | 'downMinutes'>;

/** Of what is known: in percent, to a tenth where it is not all. */
export function uptimeOf({ buckets, stepMinutes }: { buckets: readonly Part[]; stepMinutes: number }): string | undefined {
  const known = buckets.filter(({ state }) => state !== 'unknown');
  if (known.length === 0) return undefined;
  const down = known.reduce((sum, { downMinutes }) => sum + downMinutes, 0);
  const share = 100 * (1 - down / (known.length * stepMinutes));
  // Rounded down: an outage is never shown as none.
  return `${down === 0 ? '100' : (Math.floor(share * 10) / 10).toFixed(1)} %`;
}

interface Outage {
  readonly fromMs: number;
  readonly minutes: number;
}

/** Parts in a row that were not up all the time. */
export function outagesOf({ buckets }: { buckets: readonly Part[] }): Outage[] {
  const outages: Outage[] = [];
  let isDown = false;
  for (const { at, downMinutes } of buckets) {
    const last = outages.at(-1);
    if (downMinutes > 0 && isDown && last !== undefined) outages[outages.length - 1] = { ...last, minutes: last.minutes + downMinutes };
    else if (downMinutes > 0) outages.push({ fromMs: Date.parse(at), minutes: downMinutes });
    isDown = downMinutes > 0;
  }
  return outages;
}
