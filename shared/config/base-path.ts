/** The path below which a reverse proxy publishes the gateway, such as `/xopc`. */

/**
 * Segments without escapes, none of them `.` or `..`; the first must not be one of the gateway's own paths. The path is used in
 * headers and in HTML.
 */
const BASE_PATH = /^(?!\/(?:api|v1|ws|mcp|health|assets|docs|metrics|openapi\.json)(?:\/|$))(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._~-]+)+\/?$/;
const MAX_LENGTH = 200;

/** @returns the path without a final slash; undefined for an invalid path */
export function parseBasePath(text: string): string | undefined {
  return text.length <= MAX_LENGTH && BASE_PATH.test(text) ? text.replace(/\/$/, '') : undefined;
}
