/** The built page: a manifest created once at start, so that no request path ever reaches the disk. */
import { gunzipSync } from 'node:zlib';
import { readBuiltText } from './bundle.js';
import { ifPresent } from '../files/if-present.js';

interface PackedFile {
  readonly type: string;
  /** Base64. */
  readonly gzip: string;
}

export interface PageFile {
  readonly type: string;
  /** Compressed, as it is kept in memory: every browser accepts it. */
  readonly gzip: Buffer;
  /** Uncompressed, for other programs; inflated only once, not per request. */
  readonly plain: () => Buffer;
  /** Whether its name contains the hash of its content, so that it never changes. */
  readonly isImmutable: boolean;
}

export interface BuiltPage {
  /** By path; `/index.html` is the document. */
  find(path: string): PageFile | undefined;
}

/** Names that vite gives: `name-{8 characters of the hash}.{extension}`. */
const HASHED = /-[\w-]{8}\.\w+$/;

/** @param text  `page.json`, or undefined where no page was built */
export function readBuiltPage(text: string | undefined): BuiltPage | undefined {
  if (text === undefined) return undefined;
  const files = new Map<string, PageFile>();
  for (const [path, { type, gzip }] of Object.entries(JSON.parse(text) as Record<string, PackedFile>)) {
    const packed = Buffer.from(gzip, 'base64');
    let inflated: Buffer | undefined;
    files.set(path, { type, gzip: packed, plain: () => (inflated ??= gunzipSync(packed)), isImmutable: HASHED.test(path) });
  }
  return files.has('/index.html') ? { find: (path) => files.get(path) } : undefined;
}

/** @returns undefined for a build without a page, which serves the API only */
export function readPageFile(): string | undefined {
  return ifPresent(() => readBuiltText('page.json'));
}
