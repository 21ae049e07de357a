/**
 * The signature of a thinking block. Anthropic's own is passed through unchanged. It also carries the data that other vendors need
 * back: their own signatures, encrypted reasoning, or the text that the caller did not want to see.
 */
import type { VendorData } from '../../providers/completion.js';
import { isVendorData, readCarried, writeCarried } from '../../models/carried-data.js';

const PREFIX = 'xopc_';

interface Carried {
  readonly vendor?: VendorData;
  /** Replaces the block's text, which the caller did not want. */
  readonly text?: string;
}

/** Never empty: clients keep only thinking that is signed. */
export function writeSignature({ vendor, text }: Carried): string {
  const own = vendor?.['anthropic']?.['signature'];
  if (typeof own === 'string') return own;
  const carried = { ...(vendor === undefined ? {} : { vendor }), ...(text === undefined || text === '' ? {} : { text }) };
  return PREFIX + writeCarried(carried);
}

/** Never throws: a value not written by {@link writeSignature} counts as Anthropic's. */
export function readSignature(signature: string): Carried {
  if (signature === '') return {};
  const own = { vendor: { anthropic: { signature } } };
  if (!signature.startsWith(PREFIX)) return own;
  const carried = readCarried(signature.slice(PREFIX.length));
  if (carried === undefined) return own;
  const { vendor, text } = carried;
  return { ...(isVendorData(vendor) ? { vendor } : {}), ...(typeof text === 'string' ? { text } : {}) };
}
