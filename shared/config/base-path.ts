/** The path below which a reverse proxy publishes the gateway, such as `/xopc`. */

/** Segments without escapes, none of them `.` or `..`; the first is none of the gateway's own. It is used in headers and in HTML. */
const BASE_PATH = /^(?!\/(?:api|v1|ws|mcp|health|assets|docs|metrics|openapi\.json)(?:\/|$))(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._~-]+)+\/?$/;
const MAX_LENGTH = 200;

/** @returns the path without a final slash; undefined for what cannot be one */
export function parseBasePath(text: string): string | undefined {
  return text.length <= MAX_LENGTH && BASE_PATH.test(text) ? text.replace(/\/$/, '') : undefined;
}
