/** Bounds of what can be attached to a message, for the page and the gateway. */
export const FILE_LIMITS = {
  maxPerMessage: 8,
  maxMediaBytes: 4_194_304,
  maxTextBytes: 524_288,
  /** A file that is not sent is deleted this long after its upload. */
  unsentTtlMs: 86_400_000,
} as const;
