/** What should be put right, gathered from what the gateway says of itself: what, why, and the next step. */
import type { z } from 'zod';
import type { channelListResponse } from '../../../../shared/api/channels.js';
import type { cronListResponse } from '../../../../shared/api/cron.js';
import type { overviewResponse } from '../../../../shared/api/overview.js';
import type { statusResponse } from '../../../../shared/api/status.js';
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
}

const LOW_DISK_BYTES = 500_000_000;

/** A command that a hint names, in quotes or after a colon. */
function commandIn(text: string | undefined): string | undefined {
  return /(xopc [a-z][\w -]*[\w])/.exec(text ?? '')?.[1];
}

function fromWarnings({ warnings }: Status): Repair[] {
  return warnings.map(({ code, message, hint }, index) => {
    const command = commandIn(hint);
    const link = code.startsWith('CONFIG') ? { link: { hash: hashOf('config', ['text']), text: t('openConfig') } } : {};
    return { id: `${code}-${index}`, title: message, why: hint ?? '', ...link, ...(command === undefined ? {} : { command }) };
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

function fromDisk({ disk }: Overview): Repair[] {
  if (disk === null || disk.freeBytes > LOW_DISK_BYTES) return [];
  return [{ id: 'disk', title: t('lowDisk'), why: t('lowDiskWhy'), command: 'df -h ~/.xopc' }];
}

export function repairsOf({ status, overview, channels, jobs }: Whole): Repair[] {
  const all = [
    ...fromStatus(status),
    ...fromWarnings(status),
    ...fromDisk(overview),
    ...fromChannels(channels),
    ...fromOutbox(overview),
    ...fromJobs(jobs),
  ];
  return all.filter(({ id, title }, index) => all.findIndex((other) => other.id === id || other.title === title) === index);
}
