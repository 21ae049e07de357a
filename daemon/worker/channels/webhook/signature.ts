/**
 * Signatures of Standard Webhooks (https://www.standardwebhooks.com); the owner of `standardwebhooks`. The library
 * checks signatures in constant time and refuses timestamps that are more than five minutes away.
 */
import { Webhook, WebhookVerificationError } from 'standardwebhooks';

export interface WebhookSigner {
  /** @returns the signature header's value for an attempt at `time`: a signature by each secret */
  sign(message: { id: string; body: string; time: Date }): string;
  /** Returns the signed `webhook-id` (or `svix-id`); undefined unless the timestamp and a signature by one of the secrets are valid. */
  verify(message: { headers: Readonly<Record<string, string | undefined>>; body: string }): string | undefined;
}

/** The header names of the specification, and those of Svix, where it originated. */
const NAMES = ['webhook', 'svix'] as const;

function isValid(webhook: Webhook, body: string, headers: Record<string, string>): boolean {
  try {
    webhook.verify(body, headers, { jsonParse: false });
    return true;
  } catch (error) {
    if (error instanceof WebhookVerificationError) return false;
    throw error;
  }
}

/** @param secrets  each `whsec_` and Base64. @throws Error for an invalid secret */
export function createSigner(secrets: readonly string[]): WebhookSigner {
  const webhooks = secrets.map((secret) => new Webhook(secret));
  return {
    sign: ({ id, body, time }) => webhooks.map((webhook) => webhook.sign(id, time, body)).join(' '),
    verify({ headers, body }) {
      const name = NAMES.find((one) => headers[`${one}-signature`] !== undefined) ?? 'webhook';
      const id = headers[`${name}-id`] ?? '';
      const named = {
        'webhook-id': id,
        'webhook-timestamp': headers[`${name}-timestamp`] ?? '',
        'webhook-signature': headers[`${name}-signature`] ?? '',
      };
      return webhooks.filter((webhook) => isValid(webhook, body, named)).length > 0 ? id : undefined;
    },
  };
}

/** The signer of an account, for calls. With an invalid secret, which the account itself reports, no signature is valid. */
export function verifierOf(
  settings: { readonly secret?: string | undefined; readonly previousSecret?: string | undefined } | undefined,
): WebhookSigner {
  try {
    return createSigner([settings?.secret, settings?.previousSecret].filter((secret) => secret !== undefined));
  } catch {
    return createSigner([]);
  }
}
