/** Adds the API version to a base URL without a path, because vendors write their URLs with and without it. */
export function withVersion(baseUrl: string, version: string): string {
  const url = new URL(baseUrl);
  return url.pathname === '/' ? `${url.origin}/${version}` : baseUrl;
}
