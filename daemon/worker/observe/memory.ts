/** The memory of this process. */

/**
 * Returns the resident set size in bytes. Node reads it from a file; without a free descriptor the largest size so far is returned,
 * which needs none.
 */
export function ownRssBytes(): number {
  try {
    return process.memoryUsage.rss();
  } catch {
    return process.resourceUsage().maxRSS * 1_024;
  }
}
