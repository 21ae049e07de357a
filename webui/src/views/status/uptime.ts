/** The uptime of the gateway, and its outages. */
import type { OverviewHistory } from '../../../../shared/api/gateway/overview.js';

type Part = Pick<OverviewHistory['buckets'][number], 'at' | 'state' | 'downMinutes'>;

/** Returns the uptime in percent of the known time, with one decimal place below 100. Undefined: no time is known. */
export function uptimeOf({ buckets, stepMinutes }: { buckets: readonly Part[]; stepMinutes: number }): string | undefined {
  const known = buckets.filter(({ state }) => state !== 'unknown');
  if (known.length === 0) return undefined;
  const down = known.reduce((sum, { downMinutes }) => sum + downMinutes, 0);
  const share = 100 * (1 - down / (known.length * stepMinutes));
  // Rounded down, so that an outage never shows as 100 %.
  return `${down === 0 ? '100' : (Math.floor(share * 10) / 10).toFixed(1)} %`;
}

/** Joins consecutive buckets with downtime into outages. */
export function outagesOf({ buckets }: { buckets: readonly Part[] }) {
  const outages: { fromMs: number; minutes: number }[] = [];
  let isDown = false;
  for (const { at, downMinutes } of buckets) {
    const last = outages.at(-1);
    if (downMinutes > 0 && isDown && last !== undefined) outages[outages.length - 1] = { ...last, minutes: last.minutes + downMinutes };
    else if (downMinutes > 0) outages.push({ fromMs: Date.parse(at), minutes: downMinutes });
    isDown = downMinutes > 0;
  }
  return outages;
}
