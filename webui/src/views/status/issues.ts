/** The gateway's issues in plain words, each with the place where it is fixed, and notes: things worth knowing that are not issues. */
import type { Overview } from '../../../../shared/api/gateway/overview.js';
import type { GatewayHealth, StatusDocument, StatusIssue, StatusWarning } from '../../../../shared/api/gateway/status.js';
import { isCoded } from '../../../../shared/text/fill-text.js';
import { call } from '../../api/client.js';
import { isLoopback } from '../../browser/is-loopback.js';
import { accountName } from '../../components/channel-name/channel-name.js';
import { whyText } from '../../components/feedback/reason-text.js';
import { showToast } from '../../components/toast/toast.js';
import { hashOf, navigate } from '../../shell/router.js';
import { t as shell } from '../../shell/text.js';
import { commandIn } from './command-in-hint.js';
import { t, type TextKey } from './text.js';

export interface Whole {
  readonly status: StatusDocument & { readonly health: GatewayHealth };
  readonly overview: Overview;
}

export interface Shown {
  readonly id: string;
  readonly tone: 'bad' | 'warning' | 'info';
  readonly title: string;
  readonly cause: string;
  /** What to do, where it is not one of the following. */
  readonly fix?: string;
  /** The place in the page where it is fixed. */
  readonly link?: { readonly hash: string; readonly text: string };
  /** A command for the gateway's machine. */
  readonly command?: string;
  /** An action that fixes it from here. */
  readonly action?: { readonly text: string; readonly run: () => Promise<unknown> };
}

const LOW_DISK_BYTES = 500_000_000;

type Words = Omit<Shown, 'id' | 'tone'>;

/** Returns the text about a part without its name, which is in the title. */
function reasonOf({ text, why }: StatusIssue, prefix: string): string {
  const reason = why?.values['reason'];
  return whyText(text.replace(prefix, ''), isCoded(reason) ? reason : undefined);
}

function ofAccount(issue: StatusIssue): Words {
  const { name = '', severity } = issue;
  const [channel = '', account = 'default'] = name.split(':');
  return {
    title: t(severity === 'error' ? 'channelDown' : 'channelTrouble', { name: accountName(channel, account) }),
    cause: reasonOf(issue, `Channel ${name}: `),
    link: { hash: hashOf('channels'), text: t('openChannels') },
  };
}

/** Starts a job with the call of the schedules, so that it is the same call there and here after its answer was lost. */
async function runJob(id: string, name: string): Promise<void> {
  const { makeOnce } = await import('../../components/form/make-once.js').catch(() => {
    throw new Error(shell('partFailed'));
  });
  const { run_id: run } = await makeOnce<{ run_id: string }>({ method: 'POST', path: '/api/cron/trigger', body: { job_id: id } });
  showToast({ text: t('isStarted', { name }), action: { label: t('openRun'), run: () => navigate(hashOf('cron', [id], { run })) } });
}

function ofJob({ id, name = '', text, why }: StatusIssue): Words {
  const jobId = id.slice('job:'.length);
  return {
    title: t('jobFails', { name }),
    cause: whyText(text, why),
    link: { hash: hashOf('cron', [jobId]), text: t('openJob') },
    action: { text: t('runAgain'), run: () => runJob(jobId, name) },
  };
}

type Place = 'config' | 'models' | 'logs';

function linkTo(place: Place): NonNullable<Shown['link']> {
  if (place === 'config') return { hash: hashOf('config', ['text']), text: t('openConfig') };
  if (place === 'models') return { hash: hashOf('models'), text: t('openModels') };
  return { hash: hashOf('logs', [], { level: 'warn', since: '1h' }), text: t('openLog') };
}

/**
 * The gateway's other texts are written for terminals, so these have a headline and text for the page. `fix`: what to do, if that
 * is more than a command.
 */
const KINDS = {
  down: { title: 'issueDown', place: 'logs' },
  crashes: { title: 'issueCrashes', place: 'logs' },
  CONFIG_INCOMPLETE: { title: 'configIncomplete', place: 'config' },
  CONFIG_INVALID: { title: 'configInvalid', place: 'config' },
  ADDRESS_UNCHANGED: { title: 'addressUnchanged', place: 'config' },
  AUTH_DISABLED: { title: 'authDisabled' },
  MODEL_UNUSABLE: { title: 'modelUnusable', place: 'models' },
  PROVIDER_UNUSABLE: { title: 'providerUnusable', place: 'models' },
  MESSAGE_SET_ASIDE: { title: 'messageSetAside', place: 'logs' },
  STORE_UNAVAILABLE: { title: 'storeUnavailable', fix: 'storeFix', place: 'logs' },
  STORE_SET_ASIDE: { title: 'storeSetAside', fix: 'setAsideFix' },
  STORE_MOVED: { title: 'storeMoved' },
  STORE_SEARCH_SLOW: { title: 'searchSlow', fix: 'searchSlowFix' },
  STORE_LOCALE: { title: 'storeLocale', fix: 'localeFix' },
  STORE_RESTORED: { title: 'storeRestored' },
  LOG_LEVEL_CHANGED: { title: 'levelChanged' },
} as const satisfies Readonly<Record<string, { title: TextKey; fix?: TextKey; place?: Place }>>;

const isKind = (kind: string): kind is keyof typeof KINDS => Object.hasOwn(KINDS, kind);

interface GatewaySaid {
  readonly text: string;
  readonly why: StatusIssue['why'];
  readonly hint: string | null | undefined;
}

function ofKind(kind: string, { text, why, hint }: GatewaySaid): Words {
  const said = whyText(text, why);
  const command = commandIn(hint);
  // The gateway's own text is the headline, with the fix below it.
  if (!isKind(kind)) return { title: said, cause: hint ?? '', ...(command === undefined ? {} : { command }) };
  const { title, fix, place }: { title: TextKey; fix?: TextKey; place?: Place } = KINDS[kind];
  return {
    title: t(title),
    cause: said,
    ...(fix === undefined ? {} : { fix: t(fix) }),
    ...(place === undefined ? (command === undefined ? {} : { command }) : { link: linkTo(place) }),
  };
}

function wordsOf(kind: string, issue: StatusIssue): Words {
  const { text, why, action, name = '' } = issue;
  switch (kind) {
    case 'channel':
      return ofAccount(issue);
    case 'provider':
      return { title: t('providerFails', { name }), cause: reasonOf(issue, `Provider ${name}: `), link: linkTo('models') };
    case 'job':
      return ofJob(issue);
    case 'NODES_DIFFER':
      return { title: t('nodesDiffer'), cause: t('nodesHint') };
    default:
      return ofKind(kind, { text, why, hint: action });
  }
}

function ofIssue(issue: StatusIssue): Shown {
  const [kind = ''] = issue.id.split(':');
  return { id: issue.id, tone: issue.severity === 'error' ? 'bad' : 'warning', ...wordsOf(kind, issue) };
}

function ofWarning({ code, message, why, hint }: StatusWarning): Words {
  if (code === 'NEWER_BUILD') {
    const command = commandIn(hint) ?? 'xopc gateway restart';
    return { title: t('newerBuild'), cause: t(command.endsWith('stop') ? 'newerWhyStop' : 'newerWhy'), command };
  }
  const words = ofKind(code, { text: message, why, hint });
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

/** Returns notes that are worth knowing although the gateway works well. */
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
