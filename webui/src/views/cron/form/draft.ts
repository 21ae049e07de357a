/** The form's content, kept in this browser until it is saved or discarded. */
import { useState } from 'preact/hooks';
import type { CronJobInput } from '../../../../../shared/api/cron.js';
import { ApiError, apiPath, type Call, make } from '../../../api/client.js';
import { keepInstead } from '../../../api/copy-mode.js';
import { type DraftId, readDraft, writeDraft } from '../../../browser/drafts.js';
import { newKey } from '../../../browser/new-key.js';
import { changedFields } from '../../../components/form/changed-fields.js';
import type { Job } from '../cron-api.js';
import { ownZone } from '../job-time.js';
import { t } from '../text.js';
import { hoursOf } from './hours.js';
import type { Faults } from './faults.js';
import { readWords } from './natural.js';

/** Returns the texts and choices of a job, or those of a new one. */
export function draftOf(job: Job | undefined, isCopy: boolean) {
  return {
    name: job === undefined ? '' : isCopy ? t('copyOf', { name: job.name }) : job.name,
    when: job?.schedule ?? '',
    timezone: job?.timezone ?? '',
    message: job?.message ?? '',
    mode: job?.mode ?? 'agent',
    target: job?.channel === null || job === undefined ? '' : [job.channel, job.accountId].filter(Boolean).join('/'),
    chat: String(job?.chat_id ?? ''),
    agent: job?.agentId ?? '',
    model: job?.model ?? '',
    activeFrom: job?.activeHours?.from ?? '',
    activeTo: job?.activeHours?.to ?? '',
    /** `12345`: Monday to Friday; empty: every day. */
    activeDays: (job?.activeHours?.days ?? []).join(''),
    overlap: job?.overlap ?? 'skip',
    missed: job?.missed ?? 'once',
    grace: job === undefined ? '' : String(job.graceMs / 1_000),
    session: job?.session ?? 'isolated',
    interrupted: job?.interrupted ?? 'leave',
    dailyUsd: job === undefined || job.dailyUsd === null ? '' : String(job.dailyUsd),
    timeout: job === undefined ? '' : String(job.timeoutMs / 1_000),
    retries: job === undefined ? '' : String(job.retries),
    notifyAfter: job === undefined ? '' : String(job.notifyAfter),
    alertTarget: job === undefined || job.alertChannel === null ? '' : [job.alertChannel, job.alertAccountId].filter(Boolean).join('/'),
    alertChat: String(job?.alertChatId ?? ''),
    enabled: job?.enabled ?? true,
  };
}

export type Draft = ReturnType<typeof draftOf>;

/** Returns the schedule that the words describe, in the browser's zone if they name a local time. */
export function scheduleOf({ when, timezone }: Pick<Draft, 'when' | 'timezone'>): { schedule: string; timezone: string } {
  const schedule = readWords(when, Date.now()) ?? when.trim();
  const isOwnClock = schedule !== when.trim() && schedule.startsWith('at ');
  return { schedule, timezone: isOwnClock ? ownZone() : timezone.trim() };
}

/** Returns the API fields of a draft. Null, for an empty field, is the default. */
export function inputOf(draft: Draft): CronJobInput {
  const [channel = '', accountId = ''] = draft.target.split('/');
  const [alertChannel = '', alertAccountId = ''] = draft.alertTarget.split('/');
  const { schedule, timezone } = scheduleOf(draft);
  const text = (value: string): string | null => (value.trim() === '' ? null : value.trim());
  const number = (value: string): number | null => (value.trim() === '' ? null : Number(value));
  const milliseconds = (seconds: string): number | null => (seconds.trim() === '' ? null : Math.round(Number(seconds) * 1_000));
  const isAgent = draft.mode === 'agent';
  return {
    name: text(draft.name),
    schedule,
    timezone: text(timezone),
    message: draft.message,
    mode: draft.mode,
    channel: text(channel),
    accountId: text(accountId),
    chat_id: channel === '' ? null : text(draft.chat),
    agentId: isAgent ? text(draft.agent) : undefined,
    model: isAgent ? text(draft.model) : null,
    activeHours: hoursOf(draft),
    dailyUsd: isAgent ? number(draft.dailyUsd) : null,
    overlap: draft.overlap,
    missed: draft.missed,
    session: draft.session,
    interrupted: draft.interrupted,
    graceMs: milliseconds(draft.grace),
    timeoutMs: milliseconds(draft.timeout),
    retries: number(draft.retries),
    notifyAfter: number(draft.notifyAfter),
    alertChannel: text(alertChannel),
    alertAccountId: text(alertAccountId),
    alertChatId: alertChannel === '' ? null : text(draft.alertChat),
    enabled: draft.enabled,
  };
}

/** Returns the call that creates a job, or that changes what the draft has changed. */
export function saveCall(draft: Draft, job: Job | undefined): Call {
  const input = inputOf(draft);
  if (job !== undefined) {
    const body = changedFields(inputOf(draftOf(job, false)), input);
    return { method: 'PATCH', path: apiPath('/api/cron/:id', { id: job.id }), body };
  }
  const given = Object.entries(input).filter(([, value]) => value !== null);
  return { method: 'POST', path: '/api/cron/create', body: Object.fromEntries(given) };
}

const isSeconds = (text: string): boolean => /^\s*(?:\d+(?:\.\d{1,3})?)?\s*$/.test(text);
const isWhole = (text: string): boolean => /^\s*\d*\s*$/.test(text);

/** Returns what is missing or wrong, by field. The gateway checks the rest. */
export function findFaults(draft: Draft): Faults {
  const faults: [keyof Faults, boolean, string][] = [
    ['when', draft.when.trim() === '', t('whenNeeded')],
    ['message', draft.message.trim() === '', t(draft.mode === 'agent' ? 'taskNeeded' : 'messageNeeded')],
    ['target', draft.mode === 'direct' && draft.target === '', t('targetNeeded')],
    ['chat', draft.target !== '' && draft.chat.trim() === '', t('chatNeeded')],
    ['alertChat', draft.alertTarget !== '' && draft.alertChat.trim() === '', t('chatNeeded')],
    ['dailyUsd', draft.mode === 'agent' && !/^\s*(?:\d{1,7}(?:\.\d{1,6})?)?\s*$/.test(draft.dailyUsd), t('usdNeeded')],
    ['grace', !isSeconds(draft.grace), t('secondsNeeded')],
    ['timeout', !isSeconds(draft.timeout), t('secondsNeeded')],
    ['retries', !isWhole(draft.retries), t('wholeNeeded')],
    ['notifyAfter', !isWhole(draft.notifyAfter), t('wholeNeeded')],
  ];
  return Object.fromEntries(faults.flatMap(([name, isWrong, text]) => (isWrong ? [[name, text]] : [])));
}

const nameOf = (id: string): DraftId => ({ kind: 'draft.job', of: id });

export const hasDraft = (id: string): boolean => readDraft(nameOf(id)) !== undefined;

interface KeptDraft {
  /** The form without the changes, for a job that is deleted meanwhile. */
  readonly base: Draft;
  readonly changes: Partial<Draft>;
  /** The call that creates the job, with its key and when it was first made, until its answer is there. */
  readonly creation?: Call & { readonly atMs: number };
}

/** A creation whose time counts from now means another time after this. */
const KEPT_MS = 600_000;

/** Of these statuses, the gateway has looked at the key: nothing was created. */
const ANSWERED = [400, 404, 409];

/** Returns what is kept after a change, which makes it another job to create; undefined when the form is as without changes. */
export function changeDraft(kept: KeptDraft | undefined, base: Draft, change: Partial<Draft>): KeptDraft | undefined {
  const changes = changedFields(base, { ...base, ...kept?.changes, ...change });
  return Object.keys(changes).length === 0 ? undefined : { base, changes };
}

/**
 * A draft that survives a reload and visits to other views. Only the changes are kept: the other fields are those of the job as it is.
 * @param id   what it drafts
 * @param now  the form without changes; undefined for a deleted job
 */
export function useDraft(id: string, now: Draft | undefined) {
  const draftId = nameOf(id);
  const kept = readDraft<KeptDraft>(draftId);
  const [wasKept, setKept] = useState(kept !== undefined);
  const base = now ?? kept?.base ?? draftOf(undefined, false);
  const fields: Draft = { ...base, ...kept?.changes };
  const set = (change: Partial<Draft>): void => writeDraft(draftId, changeDraft(readDraft<KeptDraft>(draftId), base, change));
  /**
   * Creates the job. After a lost answer, also after a reload, it repeats the same call with the same key. Words such as `in 10 minutes`
   * describe another time by then: the first one counts for ten minutes.
   */
  const create = async (): Promise<{ job: Job }> => {
    const call = saveCall(fields, undefined);
    // Before it has a key: the command line that is copied needs none.
    keepInstead(call);
    const before = readDraft<KeptDraft>(draftId);
    const kept = before?.creation;
    const isEarlier = JSON.stringify(kept?.body) !== JSON.stringify(call.body);
    const isRepeated = kept !== undefined && (!isEarlier || Date.now() - kept.atMs < KEPT_MS);
    const creation = isRepeated ? kept : { ...call, headers: { 'Idempotency-Key': newKey() }, atMs: Date.now() };
    writeDraft(draftId, { base, changes: {}, ...before, creation });
    return make<{ job: Job }>(creation).catch((error: unknown) => {
      if (!(error instanceof ApiError && ANSWERED.includes(error.status))) throw error;
      set({});
      // The earlier time may have passed, and it had created nothing.
      if (isRepeated && isEarlier && error.status === 400) return create();
      throw error;
    });
  };
  /** Forgets what was typed. */
  const drop = (): void => {
    writeDraft(draftId, undefined);
    setKept(false);
  };
  return { fields, set, wasKept, create, drop };
}
