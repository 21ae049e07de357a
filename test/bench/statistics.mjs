/** Medians and ranges. Samples on a shared machine have long tails: the mean says nothing. */

export function summarize(samples) {
  const sorted = [...samples].toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const median = Number.isInteger(middle) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[Math.floor(middle)];
  return { n: sorted.length, median, min: sorted[0], max: sorted.at(-1) };
}

/** Three significant digits at most: `1.87`, `32.4`, `1250`. */
export function formatNumber(value) {
  if (value === 0) return '0';
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toFixed(digits);
}

export function formatSummary({ n, median, min, max }) {
  return n === 1 ? formatNumber(median) : `${formatNumber(median)} (${formatNumber(min)}–${formatNumber(max)})`;
}

/**
 * One row of the result.
 * @param measured  samples of the gateway.
 * @param floor  samples of the least that could do the same, taken in the same run; undefined where there is none.
 */
export function row({ name, unit, measured, floor, floorName, note }) {
  const ours = summarize(measured);
  const least = floor === undefined ? undefined : summarize(floor);
  const ratio = least === undefined || least.median === 0 ? undefined : ours.median / least.median;
  return { name, unit, ours, floor: least, floorName, ratio, note };
}
