/** Vendors write their addresses with and without the version; an address without any path means theirs. */
export function withVersion(baseUrl: string, version: string): string {
  const url = new URL(baseUrl);
  return url.pathname === '/' ? `${url.origin}/${version}` : baseUrl;
}
