/** Parses points in time given on a command line. */

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/**
 * Reads `10m` (that long ago; units s, m, h, d, w, also `1h30m`) or an ISO 8601 date, which is in local time where it
 * names no zone. @returns epoch ms, or undefined when it is neither
 */
export function parseSince(text: string, nowMs: number): number | undefined {
  const trimmed = text.trim();
  if (/^(?:\d{1,6}[smhdw])+$/.test(trimmed)) {
    const parts = trimmed.match(/\d+[smhdw]/g) ?? [];
    return parts.reduce((sum, part) => sum - Number(part.slice(0, -1)) * (UNITS[part.slice(-1)] ?? 0), nowMs);
  }
  if (!/^\d{4}-\d{2}-\d{2}(?:[T ]|$)/.test(trimmed)) return undefined;
  // A date alone would be read as UTC.
  const timeMs = Date.parse(trimmed.length === 10 ? `${trimmed}T00:00` : trimmed.replace(' ', 'T'));
  return Number.isNaN(timeMs) ? undefined : timeMs;
}
