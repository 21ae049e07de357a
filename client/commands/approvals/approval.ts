/** An approval named on the command line. */
import { usage } from '../../cli/usage.js';

/** @throws USAGE */
export function parseNumber(text: string, what = 'the number of an approval'): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw usage(`'${text.slice(0, 80)}' is not ${what}`, 'List them with: xopc approvals');
}
