/** Issues of the gateway, collected from its own reports: each with its cause and the next step. */
import { commandIn } from './command-in-hint.js';
import type { ChannelDocument } from '../../../../shared/api/channels.js';
import type { CronJobDocument } from '../../../../shared/api/cron.js';
import type { Overview } from '../../../../shared/api/gateway/overview.js';
import type { StatusDocument } from '../../../../shared/api/gateway/status.js';
import { call } from '../../api/client.js';
import { hashOf } from '../../shell/router.js';
import { t } from './text.js';

export interface Whole {
  readonly status: StatusDocument;
  readonly overview: Overview;
  readonly channels: readonly ChannelDocument[];
  readonly jobs: readonly CronJobDocument[];
}

export interface Repair {
  readonly id: string;
  readonly title: string;
  readonly why: string;
  /** The place in the page where it is fixed. */
  readonly link?: { readonly hash: string; readonly text: string };
  /** A command for the gateway's machine. */
  readonly command?: string;
  /** An action that fixes it from here. */
  readonly action?: { readonly text: string; readonly run: () => Promise<unknown> };
}

const LOW_DISK_BYTES = 500_000_000;

const resetLogLevel = (): Promise<unknown> => call('PATCH', '/api/logs/level', { body: { level: null } });

/** Warnings whose message is written for a terminal get a headline; the message goes below it. */
const HEADLINES: Readonly<Record<string, 'configIncomplete' | 'configInvalid'>> = {
  CONFIG_INCOMPLETE: 'configIncomplete',
  CONFIG_INVALID: 'configInvalid',
};

function wordsOf({ code, message, hint = '' }: StatusDocument['warnings'][number]): Pick<Repair, 'title' | 'why'> {
  const headline = HEADLINES[code];
  return headline === undefined ? { title: message, why: hint } : { title: t(headline), why: message };
}

function fromWarnings({ warnings }: StatusDocument): Repair[] {
  // `fromStatus` reports a newer build.
  const said = warnings.filter(({ code }) => code !== 'NEWER_BUILD');
  return said.map((warning, index) => {
    const { code, hint } = warning;
    const command = commandIn(hint);
    const action = code === 'LOG_LEVEL_CHANGED' ? { action: { text: t('levelBack'), run: resetLogLevel } } : {};
    const link = code.startsWith('CONFIG') ? { link: { hash: hashOf('config', ['text']), text: t('openConfig') } } : {};
    return { id: `${code}-${index}`, ...wordsOf(warning), ...link, ...action, ...(command === undefined ? {} : { command }) };
  });
}

function fromChannels(channels: readonly ChannelDocument[]): Repair[] {
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

function fromJobs(jobs: readonly CronJobDocument[]): Repair[] {
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

function fromStatus({ build, lastExit, state }: StatusDocument): Repair[] {
  const repairs: Repair[] = [];
  if (build.running !== build.installed)
    repairs.push({ id: 'build', title: t('newerBuild'), why: t('newerWhy'), command: 'xopc gateway restart' });
  if (state === 'failed' && lastExit !== null)
    repairs.push({ id: 'failed', title: t('failed'), why: lastExit.reason, command: 'xopc gateway logs' });
  return repairs;
}

/** Reports a gateway that is reachable from the network over plain HTTP while it asks local callers for no token. */
function fromExposure({ host, auth }: StatusDocument): Repair[] {
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
