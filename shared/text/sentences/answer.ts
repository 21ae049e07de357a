/** Reasons why a turn has no answer or a scheduled run failed. Whole sentences, because they are stored as text: see known.ts. */
import { sayFrom } from '../fill-text.js';

export const ANSWER_REASONS = {
  // Runs of schedules
  'jobs-disabled': 'scheduled jobs are disabled',
  'run-interrupted': 'the gateway stopped while it ran',
  'run-replaced': 'it was replaced by the next occurrence',
  'run-missed': 'too late: the gateway or the machine was not running',
  'run-waited': 'too late: it could not start within its grace period and its active hours',
  'run-in-progress': 'the previous run is still in progress',
  'run-waits-for-retry': 'the previous run failed and waits for its retry',
  'run-queue-full': '{count} {count:run is|runs are} already waiting',
  'run-queue-of-job': '{count} runs of this job are already waiting',
  'run-timeout': 'it took longer than {ms} ms',
  'run-job-deleted': 'the job was deleted',
  'run-job-disabled': 'the job was disabled before it ran',
  'run-schedule-changed': 'the schedule was changed before it ran',
  'run-without-chat': 'the job names no chat',
  'run-not-retried': 'not retried, because tools of the turn may have had effects: {cause}',
  'run-internal-error': 'the gateway failed to run the job; see its log',
  'no-channel': "there is no channel '{channel}'",
  'no-account': "the channel '{channel}' has no account '{account}'",
  'account-disabled': "the account '{account}' of the channel '{channel}' is disabled: {key} is false",
  'no-receiver': "the webhook account '{account}' has no url: nobody would receive the message",
  'no-default-account': "the channel '{channel}' has no default account",

  // Turns
  'turn-interrupted': 'The answer was interrupted because the gateway stopped. Send the message again to get one.',
  'turn-internal-error': 'the gateway failed to run the turn; see its log',
  'turn-stopped': 'the turn was stopped by /stop; the text so far is kept in the session',
  'turn-session-deleted': "the session '{session}' was deleted",
  'turn-queue-full': "{count} turns are already waiting in session '{session}'",
  'turn-tool-loop': '{model} of {provider} called tools {count} times without giving an answer.',

  // Models and their providers
  'model-refused-key': '{provider} refused the API key{http}. Check {place}.',
  'model-no-credit': 'The account at {provider} has no credit left. Add credit there, or choose another model.',
  'model-rate-limited': '{provider} is limiting requests (HTTP 429). Wait a moment and try again, or configure a fallback model.',
  'model-rate-limited-for': '{provider} is limiting requests (HTTP 429). Try again in {seconds} s, or configure a fallback model.',
  'model-not-found': "{provider} does not know the model '{model}' at {address}{http}. Check the model's name and {place}.",
  'model-too-long': "The conversation is too long for '{model}' of {provider}. {advice}",
  'model-rejected': '{provider} rejected the request{http}.',
  'model-overloaded': '{provider} failed or is overloaded{http}. Try again in a moment, or configure a fallback model.',
  'model-unreachable': '{provider} cannot be reached at {address}. Check the address and the network, and that the server runs.',
  'model-cut': 'The connection to {provider} closed in the middle of the answer. Try again.',
  'model-timeout': '{provider} sent nothing for too long. Try again, choose a faster model, or raise agents.defaults.silenceTimeoutMs.',
  'model-not-the-api': '{address} does not answer with the API of {provider}{http}. Check {place}; is there a proxy in between?',
  'model-invalid-response': '{provider} returned an invalid response. Try again; if that does not help, check {place}.',
  'model-invalid-call': "'{model}' of {provider} wrote an invalid tool call. Try again, or choose another model.",
  'model-empty-response': '{provider} returned an empty response. Try again, or choose another model.',
  'model-filtered': 'The content filter of {provider} blocked the request or its answer.',
  'model-unconfigured': "The model '{model}' cannot be used.",
  'spending-reserved': 'Calls that are running have reserved the rest of the {usd} US dollars of today. Try again in a moment.',
  'spent-all': 'All agents together have spent the {usd} US dollars of today; the limit is reset at {time}.',
  'spent-agent': "The agent '{agent}' has spent the {usd} US dollars of today; the limit is reset at {time}.",
  'spent-job': 'The scheduled job {job} has spent the {usd} US dollars of today; the limit is reset at {time}.',
  'spent-token': "The access token '{name}' has spent the {usd} US dollars of today; the limit is reset at {time}.",

  // Recordings
  'voice-failed': 'The recording was not transcribed: {cause}',
  'voice-no-model':
    'Recordings are not read here, because no transcription model is set. Write the message as text; the owner of this gateway can set transcription.model.',
  'voice-not-the-api': "{provider} does not have OpenAI's API for transcriptions. Set transcription.model to a model of another provider.",
  'voice-too-long': 'The recording is {seconds} s long; the limit is {limit} s (transcription.maxSeconds). Send a shorter one.',
  'voice-too-large': 'The recording is larger than {limit} bytes (transcription.maxBytes). Send a shorter one.',
  'voice-unreadable': 'The recording could not be read ({detail}). Send it again.',
  'voice-timeout': '{provider} did not answer within {seconds} s (transcription.timeoutMs). Try again.',
  'voice-without-words': 'No words were recognised in the recording. Send it again, or write the message as text.',

  'key-variable': 'the environment variable {variable}',
  'key-in-file': "the provider's apiKey in models.json",
  'address-in-file': "the provider's baseUrl",
  'api-in-file': "the provider's api and baseUrl in models.json",
  'shorten-chat': 'Start a new one with /new, or send a shorter message.',
  'shorten-program': 'Start a new one by sending /new as the message, name another session, or send a shorter message.',
  'shorten-job': "Shorten the job's message, or start a new conversation in its chat with /new.",
  'shorten-stateless': 'Send fewer or shorter messages.',
  'with-detail': '{what} It said: {detail}',
  'with-fallback': '{what} The fallback failed too: {ref}: {cause}',
  'with-next-fallback': '{what} The next fallback failed too: {ref}: {cause}',
  'model-unusable': "the model '{model}' cannot be used: {cause}",
  'model-form': 'it must be PROVIDER/MODEL',
  'no-provider': "there is no provider '{provider}'",
  'provider-has-models': "'{provider}' has only {models}",
  'provider-no-key': 'it has no apiKey, and {cause}',
  'provider-unset': 'the environment variable {variable} is not set',
  'provider-silent': '{provider} does not answer at {address}',
} as const satisfies Readonly<Record<string, string>>;

export type AnswerReason = keyof typeof ANSWER_REASONS;

/** Returns the English text. */
export const sayOfAnswer = sayFrom(ANSWER_REASONS);
