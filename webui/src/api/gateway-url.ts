/** Where the gateway is: below the page's own address, which a reverse proxy may publish under any path. */

/** @param path  of the gateway, with the query, as the API document writes it */
export function gatewayUrl(path: string): URL {
  return new URL(`.${path}`, location.href);
}
