/** The form's content, kept in this browser until it is saved or discarded. */
import { useMemo, useState } from 'preact/hooks';
import type { CronJobInput } from '../../../../../shared/api/cron.js';
import { apiPath, type Call } from '../../../api/client.js';
import { type DraftId, readDraft, writeDraft } from '../../../browser/drafts.js';
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
  const before: Readonly<Record<string, unknown>> = job === undefined ? {} : inputOf(draftOf(job, false));
  const isGiven = ([name, value]: [string, unknown]): boolean =>
    job === undefined ? value !== null : JSON.stringify(value) !== JSON.stringify(before[name]);
  const body = Object.fromEntries(Object.entries(inputOf(draft)).filter(isGiven));
  if (job === undefined) return { method: 'POST', path: '/api/cron/create', body };
  return { method: 'PATCH', path: apiPath('/api/cron/:id', { id: job.id }), body };
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

const nameOf = (id: string): DraftId => ({ kind: 'draft.cron', of: id });

export const hasDraft = (id: string): boolean => readDraft(nameOf(id)) !== undefined;

/** A draft that survives a reload and visits to other views. @param id  what it drafts */
export function useDraft(id: string, initial: () => Draft) {
  const draftId = nameOf(id);
  const [start] = useState(initial);
  const kept = readDraft<Partial<Draft>>(draftId);
  const [wasKept, setKept] = useState(kept !== undefined);
  const text = JSON.stringify(kept);
  const fields = useMemo<Draft>(() => ({ ...start, ...kept }), [text]);
  const set = (change: Partial<Draft>): void => {
    const next: Draft = { ...start, ...readDraft<Partial<Draft>>(draftId), ...change };
    writeDraft(draftId, JSON.stringify(next) === JSON.stringify(start) ? undefined : next);
  };
  /** Forgets what was typed. */
  const drop = (): void => {
    writeDraft(draftId, undefined);
    setKept(false);
  };
  return { fields, set, wasKept, drop };
}
