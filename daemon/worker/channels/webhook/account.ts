/** An account that sends messages to one webhook receiver. */
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Clock } from '../../../../shared/clock.js';
import { findSecrets } from '../../../../shared/config/secrets.js';
import type { Config } from '../../../../shared/config/schema.js';
import type { ChannelStatus } from '../../../../shared/api/gateway/status.js';
import type { LogPort } from '../../../../shared/log/log-port.js';
import { createRedactor, type Redactor } from '../../../../shared/node/secrets/redact.js';
import { sayOfChannel } from '../../../../shared/text/sentences/channel.js';
import type { ChannelAccount } from '../account-set.js';
import type { Delivery, SendOutcome } from '../channel.js';
import { post, type PostResult } from '../http-post.js';
import { Sends } from '../sends.js';
import { classifyAnswer } from './classify-answer.js';
import { createSigner, type WebhookSigner } from './signature.js';

/** An account of the configuration. */
export type WebhookSettings = Omit<NonNullable<Config['channels']['webhook']>['accounts'][string], 'enabled'>;

export interface WebhookAccountOptions {
  readonly accountId: string;
  readonly settings: WebhookSettings;
  readonly clock: Clock;
  readonly logger: LogPort;
  /** Default 15 s, within what the specification recommends. */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 15_000;
/** Enough to quote the reason for a refusal. */
const EXCERPT_BYTES = 2_048;
/** Number of chats of one account that are sent to in parallel, plus a few. */
const MAX_SOCKETS = 16;

type Signing = { readonly signer: WebhookSigner | undefined } | { readonly problem: string };

function prepareSigning({ secret, previousSecret }: WebhookSettings): Signing {
  const secrets = [secret, previousSecret].filter((one) => one !== undefined);
  if (secrets.length === 0) return { signer: undefined };
  try {
    return { signer: createSigner(secrets) };
  } catch {
    return { problem: sayOfChannel('receiver-secret') };
  }
}

export class WebhookAccount implements ChannelAccount {
  readonly #options: WebhookAccountOptions;
  readonly #signing: Signing;
  /** Undefined: nothing is sent. */
  readonly #url: URL | undefined;
  /** Receivers may quote the URL and headers of a refused request. */
  readonly #redactor: Redactor;
  readonly #agent: HttpAgent | false;
  readonly #sends = new Sends();
  #isStarted = false;
  /** The reason why nothing is sent until the configuration changes. */
  #problem: string | undefined;

  constructor(options: WebhookAccountOptions) {
    const { url, idempotent } = options.settings;
    this.#options = options;
    this.#url = url === undefined ? undefined : new URL(url);
    this.#redactor = createRedactor(findSecrets(options.settings));
    this.#signing = prepareSigning(options.settings);
    this.#problem = 'problem' in this.#signing ? this.#signing.problem : undefined;
    const Agent = this.#url?.protocol === 'https:' ? HttpsAgent : HttpAgent;
    // A kept connection may be closed just when it is used, and then it is unknown whether the message arrived.
    this.#agent =
      idempotent && new Agent({ keepAlive: true, maxSockets: MAX_SOCKETS, maxFreeSockets: 2, timeout: options.timeoutMs ?? TIMEOUT_MS });
  }

  start(): void {
    this.#isStarted = true;
    const { accountId, logger } = this.#options;
    if (this.#problem !== undefined)
      logger.error({ channel: 'webhook', accountId }, `the webhook account '${accountId}' cannot be used: ${this.#problem}`);
  }

  async stop(): Promise<void> {
    this.#isStarted = false;
    this.#sends.end(this.#options.clock, () => {
      if (this.#agent !== false) this.#agent.destroy();
    });
  }

  isReady(): boolean {
    return this.#isStarted && this.#problem === undefined && this.#url !== undefined;
  }

  async send({ id, body }: Delivery, signal: AbortSignal): Promise<SendOutcome> {
    if (!this.isReady() || this.#url === undefined || 'problem' in this.#signing) return { type: 'interrupted' };
    const { clock, timeoutMs = TIMEOUT_MS } = this.#options;
    const request = {
      url: this.#url,
      headers: this.#headers(this.#signing.signer, id, body),
      body,
      timeoutMs,
      readBytes: (status: number) => (status >= 200 && status < 300 ? 0 : EXCERPT_BYTES),
      agent: this.#agent,
    };
    const result = await this.#sends.run(signal, (either) => post({ ...request, signal: either }));
    const { outcome, isGone } = classifyAnswer(this.#withoutSecrets(result), clock.now());
    if (isGone && this.#isStarted) this.#disable();
    return outcome;
  }

  /** A webhook has no connection. Whether its receiver accepts messages shows in `health` of the API, which is based on them. */
  health(): ChannelStatus {
    if (!this.#isStarted) return { state: 'off' };
    return this.#problem === undefined ? { state: 'running' } : { state: 'failed', message: this.#problem };
  }

  #headers(signer: WebhookSigner | undefined, id: string, body: string): Record<string, string> {
    const time = new Date(this.#options.clock.now());
    return {
      'Content-Type': 'application/json',
      'Content-Length': String(Buffer.byteLength(body)),
      'User-Agent': 'xopc',
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(time.getTime() / 1_000)),
      ...(signer === undefined ? {} : { 'webhook-signature': signer.sign({ id, body, time }) }),
    };
  }

  #withoutSecrets(result: PostResult): PostResult {
    return result.type === 'answered' ? { ...result, body: this.#redactor.redact(result.body) } : result;
  }

  #disable(): void {
    const { accountId, logger } = this.#options;
    this.#problem = sayOfChannel('receiver-gone');
    logger.warn({ channel: 'webhook', accountId }, `the webhook account '${accountId}' is disabled: ${this.#problem}`);
  }
}
