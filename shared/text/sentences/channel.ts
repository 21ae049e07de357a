/** Failures of channel accounts and deliveries. Whole sentences, because they are stored as text: see known.ts. */
import { sayFrom } from '../fill-text.js';

export const CHANNEL_REASONS = {
  // Connections
  'net-refused': 'connection refused: {detail}',
  'net-host-not-found': 'host not found: {detail}',
  'net-host-not-resolved': 'the host name cannot be resolved at the moment: {detail}',
  'net-host-unreachable': 'host unreachable: {detail}',
  'net-unreachable': 'network unreachable: {detail}',
  'net-closed': 'the connection was closed without a response',
  'net-no-response': 'no response within {ms} ms',
  'net-no-connection': 'no connection within {ms} ms',
  'certificate-expired': 'its certificate has expired: {detail}',
  'certificate-self-signed': 'its certificate is self-signed: {detail}',
  'certificate-unknown': 'its certificate is signed by an unknown authority: {detail}',
  'certificate-name': 'its certificate is for another name: {detail}',

  // Webhooks
  'receiver-answered': 'the receiver answered {status}',
  'receiver-answered-with': 'the receiver answered {status}: {text}',
  'receiver-redirects': '{what}; redirects are not followed, configure the final URL',
  'receiver-gone': 'the receiver answered 410 Gone; nothing more is sent to it until its configuration changes or the gateway restarts',
  'receiver-secret': "its secret is not 'whsec_' followed by Base64",

  // Telegram
  'served-elsewhere': 'another gateway on the same database, or a worker that is about to end, serves this account',
  'telegram-token': 'Telegram rejects the token; get the current one from @BotFather and update the configuration',
  'telegram-token-root':
    'Telegram rejects the token; get the current one from @BotFather and update the configuration. Also check that apiRoot is the address of a Bot API',
  'telegram-answered': 'Telegram answered {status}: {text}',
  'telegram-unreachable': 'Telegram cannot be reached: {cause}',
  'telegram-invalid': "Telegram's answer to {method} is invalid at '{place}'; check apiRoot and any proxy in between",
  'telegram-no-json': 'the server answered {status} without JSON; check its address',
  'telegram-other-json': 'the server answered {status} with JSON that is not an answer of the Bot API; check its address',
  'telegram-conflict': 'another program reads the updates of this bot, but only one can; stop it, or use a separate bot for it',
  'telegram-unreadable': 'Telegram sent an update that cannot be read; it was skipped',
  'telegram-webhook':
    'another program had set a webhook on this bot; it was removed, because only one program can read its updates. If it comes back, use a separate bot for that program',
  'telegram-not-stored': 'updates cannot be stored',
  'waits-for-database': 'waits for the database',

  // Accounts and deliveries
  'account-fault': 'it failed unexpectedly and is started again; the log has the reason: xopc gateway logs --level error',
  'account-not-running': "its account '{account}' is not running",
  'account-ended': 'its account was disabled or changed',
  'gateway-stopped': 'the gateway stopped',
  'worker-ended': 'the worker ended',
  'channel-failed': 'the channel failed: {cause}',
  'delivery-interrupted': '{what} during the send; the message may have arrived',
  'delivery-expired': 'expired before it could be sent',
  'delivery-expired-after': 'expired; the last attempt: {cause}',
} as const satisfies Readonly<Record<string, string>>;

export type ChannelReason = keyof typeof CHANNEL_REASONS;

/** Returns the English text. */
export const sayOfChannel = sayFrom(CHANNEL_REASONS);
