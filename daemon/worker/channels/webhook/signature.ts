/**
 * Signatures of Standard Webhooks (https://www.standardwebhooks.com); the owner of `standardwebhooks`. The library
 * checks signatures in constant time and refuses timestamps that are more than five minutes away.
 */
import { Webhook, WebhookVerificationError } from 'standardwebhooks';

export interface WebhookSigner {
  /** @returns the signature header's value for an attempt at `time` */
  sign(message: { id: string; body: string; time: Date }): string;
  /** Returns the signed `webhook-id`; undefined when the signature or the timestamp is invalid. */
  verify(message: { headers: Readonly<Record<string, string | undefined>>; body: string }): string | undefined;
}

/** @param secret  `whsec_` and Base64. @throws Error when it is not that */
export function createSigner(secret: string): WebhookSigner {
  const webhook = new Webhook(secret);
  return {
    sign: ({ id, body, time }) => webhook.sign(id, time, body),
    verify({ headers, body }) {
      const id = headers['webhook-id'] ?? '';
      const named = {
        'webhook-id': id,
        'webhook-timestamp': headers['webhook-timestamp'] ?? '',
        'webhook-signature': headers['webhook-signature'] ?? '',
      };
      try {
        webhook.verify(body, named, { jsonParse: false });
        return id;
      } catch (error) {
        if (error instanceof WebhookVerificationError) return undefined;
        throw error;
      }
    },
  };
}
