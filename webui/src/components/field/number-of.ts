/** Reads a number that a person typed. */

const SIZES: Readonly<Record<string, number>> = { k: 1_000, m: 1_000_000 };
/** `1,000`, `12,345,678.5`; `0,125` is less than one. */
const GROUPED = /^-?[1-9]\d{0,2}(?:,\d{3})+(?:\.\d*)?$/;

/**
 * Parses `128000`, `128k`, `1.5`, `1,5`, `1,000` and `1_000`: a comma before three digits separates thousands, any other is a decimal
 * point. Returns undefined for an empty text, and NaN for any other.
 */
export function numberOf(text: string): number | undefined {
  if (text.trim() === '') return undefined;
  const [, digits = 'x', size = ''] = /^(-?[\d.,]+)\s*([km]?)$/i.exec(text.trim().replaceAll('_', '')) ?? [];
  const plain = GROUPED.test(digits) ? digits.replaceAll(',', '') : digits.replace(',', '.');
  return Number(plain) * (SIZES[size.toLowerCase()] ?? 1);
}
