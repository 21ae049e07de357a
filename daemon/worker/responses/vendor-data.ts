/** What a vendor must get back with its reasoning, as callers carry it: `encrypted_content`, which only the gateway reads. */
import type { VendorData } from '../providers/completion.js';
import { isFields } from '../../../shared/fields.js';

export const writeVendorData = (vendor: VendorData): string => Buffer.from(JSON.stringify(vendor)).toString('base64');

/** @returns undefined for what is not of this gateway */
export function readVendorData(sealed: string | null | undefined): VendorData | undefined {
  try {
    const data: unknown = JSON.parse(Buffer.from(sealed ?? '', 'base64').toString());
    return isFields(data) && Object.values(data).every(isFields) ? (data as VendorData) : undefined;
  } catch {
    return undefined;
  }
}
