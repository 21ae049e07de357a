/** A page as the build packs it into `page.json`. */
import { gzipSync } from 'node:zlib';

export function packPage(files: Record<string, [type: string, text: string]>): string {
  const packed = Object.entries(files).map(([path, [type, text]]) => {
    return [path, { type, gzip: gzipSync(text).toString('base64') }] as const;
  });
  return JSON.stringify(Object.fromEntries(packed));
}

/** Stands for that of the routes. */
export const DESCRIPTION = { forPeople: '<!doctype html><title>API</title>', forPrograms: '{"openapi":"3.1.1","info":{},"paths":{}}' };

export const PACKED_PAGE = packPage({
  '/index.html': ['text/html; charset=utf-8', '<!doctype html><title>built</title>'],
  '/assets/main-AbCd_-12.js': ['text/javascript; charset=utf-8', 'void 0;'],
  '/assets/icon.svg': ['image/svg+xml', '<svg/>'],
  '/docs.html': ['text/html; charset=utf-8', DESCRIPTION.forPeople],
  '/openapi.json': ['application/json; charset=utf-8', DESCRIPTION.forPrograms],
});
