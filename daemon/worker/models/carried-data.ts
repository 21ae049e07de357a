/** Data that a vendor must get back with its reasoning. Callers carry it in an opaque text that only the gateway reads. */
import type { VendorData } from '../providers/completion.js';
import { type Fields, isFields } from '../../../shared/fields.js';

export const isVendorData = (value: unknown): value is VendorData => isFields(value) && Object.values(value).every(isFields);

export const writeCarried = (data: Fields): string => Buffer.from(JSON.stringify(data)).toString('base64url');

/** @returns undefined for a text that is not from this gateway */
export function readCarried(text: string): Fields | undefined {
  try {
    const data: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    return isFields(data) ? data : undefined;
  } catch {
    return undefined;
  }
}
