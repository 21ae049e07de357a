/** What should be put right, gathered from what the gateway says of itself: what, why, and the next step. */
import type { z } from 'zod';
import type { channelListResponse } from '../../../../shared/api/channels.js';
import type { cronListResponse } from '../../../../shared/api/cron.js';
import type { overviewResponse } from '../../../../shared/api/gateway/overview.js';
import type { statusResponse } from '../../../../shared/api/gateway/status.js';
import { call } from '../../api/client.js';
import { hashOf } from '../../shell/router.js';
import { t } from './text.js';

export type Status = z.output<ReturnType<typeof statusResponse>>;
export type Overview = z.output<ReturnType<typeof overviewResponse>>;
export type Channel = z.output<ReturnType<typeof channelListResponse>>['channels'][number];
export type Job = z.output<ReturnType<typeof cronListResponse>>['jobs'][number];

export interface Whole {
  readonly status: Status;
  readonly overview: Overview;
  readonly channels: readonly Channel[];
  readonly jobs: readonly Job[];
}

export interface Repair {
  readonly id: string;
  readonly title: string;
  readonly why: string;
  /** Where in the page it is put right. */
  readonly link?: { readonly hash: string; readonly text: string };
  /** What to type on the gateway's machine. */
  readonly command?: string;
  /** What puts it right from here. */
  readonly action?: { readonly text: string; readonly run: () => Promise<unknown> };
}

const LOW_DISK_BYTES = 500_000_000;

/** A command that a hint names, in quotes or after a colon. */
function commandIn(text: string | undefined): string | undefined {
  return /(xopc [a-z][\w -]*[\w])/.exec(text ?? '')?.[1];
}

const resetLogLevel = (): Promise<unknown> => call('PATCH', '/api/logs/level', { body: { level: null } });

/** What is said of the status in the words of a terminal is a headline with the whole of it below. */
const HEADLINES: Readonly<Record<string, 'configIncomplete' | 'configInvalid'>> = {
  CONFIG_INCOMPLETE: 'configIncomplete',
  CONFIG_INVALID: 'configInvalid',
};

function wordsOf({ code, message, hint = '' }: Status['warnings'][number]): Pick<Repair, 'title' | 'why'> {
  const headline = HEADLINES[code];
  return headline === undefined ? { title: message, why: hint } : { title: t(headline), why: message };
}

function fromWarnings({ warnings }: Status): Repair[] {
  // A newer build is known from the facts: `fromStatus` says it.
  const said = warnings.filter(({ code }) => code !== 'NEWER_BUILD');
  return said.map((warning, index) => {
    const { code, hint } = warning;
    const command = commandIn(hint);
    const action = code === 'LOG_LEVEL_CHANGED' ? { action: { text: t('levelBack'), run: resetLogLevel } } : {};
    const link = code.startsWith('CONFIG') ? { link: { hash: hashOf('config', ['text']), text: t('openConfig') } } : {};
    return { id: `${code}-${index}`, ...wordsOf(warning), ...link, ...action, ...(command === undefined ? {} : { command }) };
  });
}

function fromChannels(channels: readonly Channel[]): Repair[] {
  return channels
    .filter(({ state }) => state === 'failed' || state === 'backoff')
    .map(({ channel, accountId, message }) => ({
      id: `channel-${channel}-${accountId}`,
      title: t('channelDown', { channel: `${channel}/${accountId}` }),
      why: message ?? '',
      link: { hash: hashOf('channels'), text: t('openChannels') },
    }));
}

function fromOutbox({ outbox }: Overview): Repair[] {
  return (['dead', 'unknown'] as const)
    .filter((status) => (outbox[status] ?? 0) > 0)
    .map((status) => ({
      id: `outbox-${status}`,
      title: t(status === 'dead' ? 'deadMessages' : 'unknownMessages', { count: outbox[status] ?? 0 }),
      why: t(status === 'dead' ? 'deadWhy' : 'unknownWhy'),
      link: { hash: hashOf('channels', [], { status }), text: t('openMessages') },
    }));
}

function fromJobs(jobs: readonly Job[]): Repair[] {
  return jobs
    .filter(({ failures }) => failures > 0)
    .map(({ id, name, failures }) => ({
      action: { text: t('runAgain'), run: () => call('POST', '/api/cron/trigger', { body: { job_id: id } }) },
      id: `job-${id}`,
      title: t('jobFails', { name, count: failures }),
      why: t('jobWhy'),
      link: { hash: hashOf('cron', [id]), text: t('openJob') },
    }));
}

function fromStatus({ build, lastExit, state }: Status): Repair[] {
  const repairs: Repair[] = [];
  if (build.running !== build.installed)
    repairs.push({ id: 'build', title: t('newerBuild'), why: t('newerWhy'), command: 'xopc gateway restart' });
  if (state === 'failed' && lastExit !== null)
    repairs.push({ id: 'failed', title: t('failed'), why: lastExit.reason, command: 'xopc gateway logs' });
  return repairs;
}

/** Reachable from the network with nothing asked of who comes from this machine: fine for one person, said all the same. */
function fromExposure({ host, auth }: Status): Repair[] {
  if (auth.enabled || isLocal(host) || location.protocol === 'https:') return [];
  if (/^(localhost|127\.|\[::1\])/.test(location.hostname)) return [];
  return [{ id: 'plain-http', title: t('plainHttp'), why: t('plainHttpWhy'), link: { hash: hashOf('config'), text: t('openConfig') } }];
}

export function isLocal(host: string): boolean {
  return /^(127\.|::1$|localhost$)/.test(host);
}

function fromDisk({ disk }: Overview): Repair[] {
  if (disk === null || disk.freeBytes > LOW_DISK_BYTES) return [];
  return [{ id: 'disk', title: t('lowDisk'), why: t('lowDiskWhy'), command: 'df -h ~/.xopc' }];
}

export function repairsOf({ status, overview, channels, jobs }: Whole): Repair[] {
  const all = [
    ...fromStatus(status),
    ...fromWarnings(status),
    ...fromDisk(overview),
    ...fromExposure(status),
    ...fromChannels(channels),
    ...fromOutbox(overview),
    ...fromJobs(jobs),
  ];
  return all.filter(
    ({ id, title, why }, index) => all.findIndex((other) => other.id === id || (other.title === title && other.why === why)) === index,
  );
}
