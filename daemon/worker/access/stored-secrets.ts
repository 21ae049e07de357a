/** Stores the page's sessions and links. */
import {
  addPageSecret,
  findPageSecret,
  type PageSecret,
  readGatewayId,
  type StoredSecret,
  takePageSecret,
} from '../store/access/page-secrets.js';
import type { Store } from '../store/store.js';

/** Each method rejects with UNAVAILABLE while the store cannot be used. */
export interface PageSecrets {
  /** Names the cookie, because a browser sends its cookies to every port of a host. */
  gatewayId(): Promise<string>;
  /** Returns the secret if it is stored and has not expired. */
  find(secret: StoredSecret): Promise<Pick<PageSecret, 'tokenId'> | undefined>;
  add(secret: PageSecret & { readonly nowMs: number }): Promise<void>;
  /** Removes a secret and returns it if it was valid. If several callers try at once, only one gets it. */
  take(secret: StoredSecret): Promise<Pick<PageSecret, 'tokenId'> | undefined>;
}

export function storedPageSecrets(store: Store): PageSecrets {
  return {
    gatewayId: () => store.read(readGatewayId),
    find: (secret) => store.read((tx) => findPageSecret(tx, secret)),
    add: (secret) => store.write((tx) => addPageSecret(tx, secret)),
    take: (secret) => store.write((tx) => takePageSecret(tx, secret)),
  };
}
