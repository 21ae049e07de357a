/** What a vendor must get back with its reasoning, as callers carry it: `encrypted_content`, which only the gateway reads. */
import type { VendorData } from '../providers/completion.js';

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

export const writeVendorData = (vendor: VendorData): string => Buffer.from(JSON.stringify(vendor)).toString('base64');

/** @returns undefined for what is not of this gateway */
export function readVendorData(sealed: string | null | undefined): VendorData | undefined {
  try {
    const data: unknown = JSON.parse(Buffer.from(sealed ?? '', 'base64').toString());
    return isObject(data) && Object.values(data).every(isObject) ? (data as VendorData) : undefined;
  } catch {
    return undefined;
  }
}
