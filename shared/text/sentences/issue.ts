/** The worker's texts about parts that fail or work only partly. Whole sentences: see known.ts. */
import { sayFrom } from '../fill-text.js';

export const ISSUE_REASONS = {
  // Issues, each in the health of its part
  'issue-channel': 'Channel {name}: {reason}',
  'issue-provider': 'Provider {name}: {reason}',
  'issue-job-once': "The job '{name}' has failed once.",
  'issue-job': "The job '{name}' has failed {count} times in a row.",
  'issue-jobs-disabled': 'Scheduled jobs are disabled in this gateway (cron.enabled): none of them runs.',
  'account-stopped': 'The account has stopped.',
  'account-stopped-for': 'The account has stopped: {cause}',
  'account-retries': 'The account is not working and tries again.',
  'account-retries-for': 'The account is not working and tries again: {cause}',
  'delivery-stuck': 'Nothing is delivered: {count} {count:message|messages} waiting.',
  'delivery-retries': 'Sending fails and is being retried: {count} {count:message|messages} waiting.',
  'delivery-lost': '{count} {count:message|messages} not delivered in the last hour.',
  'calls-failed': '{failures} of {count} {count:call|calls} failed in the last hour.',
  'calls-all-failed': 'All {count} calls failed in the last hour.',
  'with-last-error': '{what} The last error: {cause}',

  // Warnings
  'auth-disabled':
    'gateway.auth.enabled is false: whoever reaches this gateway over the network can use it without the token, except for its log and its configuration',
  'cors-open':
    "gateway.auth.enabled is false and gateway.cors.origins has '*': any web page that is open in a browser which reaches this gateway can use it without the token, except for its log and its configuration",
  'loopback-refused': 'gateway.allowedIps does not contain {address}: commands and browsers on this machine cannot use this gateway',
  'messages-set-aside': '{count} {count:message was|messages were} set aside, because the worker ended each time it was handled',
  'log-level-changed': "the log level is '{level}' until {time}, then '{next}' again",
  'log-level-changed-of': "the log level of {module} is '{level}' until {time}, then '{next}' again",
  'token-replaced': '{path} was empty: a new token was generated, and clients with the old one are refused',
  'store-moved': 'store.url was changed; until a restart of the gateway {place} is used',
  'store-listen-moved': 'store.listenUrl was changed; until a restart of the gateway the former one is used',
  'model-unusable-default': 'agents.defaults.model: {cause}',
  'model-unusable-transcription': 'transcription.model: {cause}',
  'model-unusable-of': "the model of agent '{agent}': {cause}",
  'provider-unusable': "the provider '{provider}' in models.json cannot be used: {cause}",
  'more-unusable': 'more models or providers cannot be used',
} as const satisfies Readonly<Record<string, string>>;

/** Returns the English text. */
export const sayOfIssue = sayFrom(ISSUE_REASONS);
