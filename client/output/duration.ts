/** Formats durations for people. */

const UNITS = [
  { name: 'd', ms: 86_400_000 },
  { name: 'h', ms: 3_600_000 },
  { name: 'min', ms: 60_000 },
  { name: 's', ms: 1_000 },
] as const;

/** The two largest units: `3 d 4 h`, `12 min 5 s`, `42 s`; below a second `420 ms`. */
export function formatDuration(durationMs: number): string {
  const total = Math.max(0, Math.round(durationMs));
  if (total < 1_000) return `${total} ms`;
  const first = UNITS.findIndex((unit) => total >= unit.ms);
  let rest = total;
  const parts: string[] = [];
  for (const unit of UNITS.slice(first, first + 2)) {
    const count = Math.floor(rest / unit.ms);
    rest -= count * unit.ms;
    if (count > 0) parts.push(`${count} ${unit.name}`);
  }
  return parts.join(' ');
}

/** Seconds with one decimal, for operations that the user waited for: `1.2 s`. */
export function formatSeconds(durationMs: number): string {
  return `${(durationMs / 1_000).toFixed(1)} s`;
}
