import { decodeComponent } from '../text/decode-component.js';

/**
 * Returns an address without its user and password, which `fetch` accepts only in a header. @throws TypeError for an invalid
 * address
 */
export function splitCredentials(address: string): { readonly url: URL; readonly authorization?: string } {
  const url = new URL(address);
  const { username, password } = url;
  if (username === '' && password === '') return { url };
  url.username = '';
  url.password = '';
  const user = `${decodeComponent(username)}:${decodeComponent(password)}`;
  return { url, authorization: `Basic ${Buffer.from(user).toString('base64')}` };
}
