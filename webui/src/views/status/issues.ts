/** The gateway's issues in plain words, each with the place where it is fixed, and notes: what is worth knowing but no issue. */
import type { Overview } from '../../../../shared/api/gateway/overview.js';
import type { GatewayHealth, StatusDocument, StatusIssue, StatusWarning } from '../../../../shared/api/gateway/status.js';
import { call } from '../../api/client.js';
import { isLoopback } from '../../browser/is-loopback.js';
import { accountName } from '../../components/channel-name/channel-name.js';
import { hashOf } from '../../shell/router.js';
import { commandIn } from './command-in-hint.js';
import { t } from './text.js';

export interface Whole {
  readonly status: StatusDocument & { readonly health: GatewayHealth };
  readonly overview: Overview;
}

export interface Shown {
  readonly id: string;
  readonly tone: 'bad' | 'warning' | 'info';
  readonly title: string;
  readonly cause: string;
  /** The place in the page where it is fixed. */
  readonly link?: { readonly hash: string; readonly text: string };
  /** A command for the gateway's machine. */
  readonly command?: string;
  /** An action that fixes it from here. */
  readonly action?: { readonly text: string; readonly run: () => Promise<unknown> };
}

const LOW_DISK_BYTES = 500_000_000;

type Words = Omit<Shown, 'id' | 'tone'>;

function ofAccount({ name = '', text, severity }: StatusIssue): Words {
  const [channel = '', account = 'default'] = name.split(':');
  return {
    title: t(severity === 'error' ? 'channelDown' : 'channelTrouble', { name: accountName(channel, account) }),
    cause: text.replace(`Channel ${name}: `, ''),
    link: { hash: hashOf('channels'), text: t('openChannels') },
  };
}

function ofJob({ id, name = '', text }: StatusIssue): Words {
  const jobId = id.slice('job:'.length);
  return {
    title: t('jobFails', { name }),
    cause: text,
    link: { hash: hashOf('cron', [jobId]), text: t('openJob') },
    action: { text: t('runAgain'), run: () => call('POST', '/api/cron/trigger', { body: { job_id: jobId } }) },
  };
}

const openConfig = () => ({ hash: hashOf('config', ['text']), text: t('openConfig') });

/** Issues whose text is written for a terminal get a headline; the text goes below it. */
function ofKind(kind: string, issue: StatusIssue): Words | undefined {
  const { text: cause, name = '' } = issue;
  const errors = { hash: hashOf('logs', [], { level: 'warn', since: '1h' }), text: t('openLogs') };
  switch (kind) {
    case 'down':
      return { title: t('issueDown'), cause, link: errors };
    case 'crashes':
      return { title: t('issueCrashes'), cause, link: errors };
    case 'channel':
      return ofAccount(issue);
    case 'provider':
      return {
        title: t('providerFails', { name }),
        cause: cause.replace(`Provider ${name}: `, ''),
        link: { hash: hashOf('models'), text: t('openModels') },
      };
    case 'job':
      return ofJob(issue);
    case 'CONFIG_INCOMPLETE':
      return { title: t('configIncomplete'), cause, link: openConfig() };
    case 'CONFIG_INVALID':
      return { title: t('configInvalid'), cause, link: openConfig() };
    case 'MODEL_UNUSABLE':
    case 'PROVIDER_UNUSABLE':
      return {
        title: t(kind === 'MODEL_UNUSABLE' ? 'modelUnusable' : 'providerUnusable'),
        cause,
        link: { hash: hashOf('models'), text: t('openModels') },
      };
    default:
      return undefined;
  }
}

/** The gateway's own words are the headline, and what to do is below it. */
function otherWords(text: string, hint: string | null | undefined): Words {
  const command = commandIn(hint);
  return { title: text, cause: hint ?? '', ...(command === undefined ? {} : { command }) };
}

function ofIssue(issue: StatusIssue): Shown {
  const [kind = ''] = issue.id.split(':');
  const words = ofKind(kind, issue) ?? otherWords(issue.text, issue.action);
  return { id: issue.id, tone: issue.severity === 'error' ? 'bad' : 'warning', ...words };
}

function ofWarning({ code, message, hint }: StatusWarning): Words {
  if (code === 'NEWER_BUILD') return { title: t('newerBuild'), cause: t('newerWhy'), command: 'xopc gateway restart' };
  const words = otherWords(message, hint);
  if (code !== 'LOG_LEVEL_CHANGED') return words;
  const { title, cause } = words;
  return { title, cause, action: { text: t('levelBack'), run: () => call('PATCH', '/api/logs/level', { body: { level: null } }) } };
}

function* outboxNotes({ status, overview: { outbox } }: Whole): Generator<Shown> {
  // An issue of the account says more about them.
  if (status.health.issues.some(({ id }) => id.startsWith('channel:'))) return;
  for (const state of ['dead', 'unknown'] as const) {
    const count = outbox[state] ?? 0;
    if (count > 0)
      yield {
        id: `outbox-${state}`,
        tone: 'info',
        title: t(state === 'dead' ? 'deadMessages' : 'unknownMessages', { count }),
        cause: t(state === 'dead' ? 'deadWhy' : 'unknownWhy'),
        link: { hash: hashOf('channels', ['messages'], { status: state }), text: t('openMessages') },
      };
  }
}

/** Whether this page comes from the network over plain HTTP while the gateway asks local callers for no token. */
function isPlainHttp({ host, auth }: StatusDocument): boolean {
  return !auth.enabled && !isLoopback(host) && location.protocol === 'http:' && !isLoopback(location.hostname);
}

/** Returns what is worth knowing although the gateway works well. */
export function* notesOf(whole: Whole): Generator<Shown> {
  const { status, overview } = whole;
  const isIssue = ({ code }: StatusWarning): boolean => status.health.issues.some(({ id }) => id.split(':')[0] === code);
  if (overview.disk !== null && overview.disk.freeBytes < LOW_DISK_BYTES)
    yield { id: 'disk', tone: 'warning', title: t('lowDisk'), cause: t('lowDiskWhy'), command: 'df -h ~/.xopc' };
  if (isPlainHttp(status))
    yield {
      id: 'plain-http',
      tone: 'warning',
      title: t('plainHttp'),
      cause: t('plainHttpWhy'),
      link: { hash: hashOf('config'), text: t('openConfig') },
    };
  yield* outboxNotes(whole);
  for (const warning of status.warnings)
    // The list of nodes says it.
    if (!isIssue(warning) && warning.code !== 'NODES_DIFFER')
      yield { id: `${warning.code} ${warning.message}`, tone: 'info', ...ofWarning(warning) };
}

export const issuesOf = ({ status }: Whole): readonly Shown[] => status.health.issues.map(ofIssue);
