/** The sessions and links of the page in the store. */
import { addPageSecret, hasPageSecret, readGatewayId, takePageSecret } from '../../store/page-secrets.js';
import type { Store } from '../../store/store.js';
import type { PageSecrets } from './page-sessions.js';

export function storedPageSecrets(store: Store): PageSecrets {
  return {
    gatewayId: () => store.read(readGatewayId),
    has: (secret) => store.read((tx) => hasPageSecret(tx, secret)),
    add: (secret) => store.write((tx) => addPageSecret(tx, secret)),
    take: (secret) => store.write((tx) => takePageSecret(tx, secret)),
  };
}
