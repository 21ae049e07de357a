/** The status view: the state of the gateway, its issues, and what runs next. */
import { useState } from 'preact/hooks';
import type { ChannelDocument } from '../../../../shared/api/channels.js';
import type { CronJobDocument } from '../../../../shared/api/cron.js';
import type { Overview, OverviewHistory } from '../../../../shared/api/gateway/overview.js';
import type { StatusDocument } from '../../../../shared/api/gateway/status.js';
import { call } from '../../api/client.js';
import { useLiveReload } from '../../api/live-reload.js';
import { useResource } from '../../api/use-resource.js';
import { PageHeader } from '../../components/page-header/page-header.js';
import { Button } from '../../components/button/button.js';
import { copyText } from '../../browser/copy.js';
import { channelChip, Loaded } from '../../components/feedback/feedback.js';
import { Icon } from '../../components/icon/icon.js';
import { Ago, bytesText, durationText, fullTime, relativeTime } from '../../components/time-text/time-text.js';
import { hashOf } from '../../shell/router.js';
import { attempt } from '../../components/toast/toast.js';
import { Failures } from './failures.js';
import { Day } from './history.js';
import { isLocal, type Repair, repairsOf, type Whole } from './repairs.js';
import { t } from './text.js';
import './status.css';

const RELOAD_MS = 5_000;
/** The gateway keeps one sample per minute. */
const HISTORY_MS = 60_000;
const SHOWN_JOBS = 5;

async function readWhole(signal: AbortSignal): Promise<Whole> {
  const [status, overview, { channels }, { jobs }] = await Promise.all([
    call<StatusDocument>('GET', '/api/status', { signal }),
    call<Overview>('GET', '/api/overview', { signal }),
    call<{ channels: readonly ChannelDocument[] }>('GET', '/api/channels', { signal }),
    call<{ jobs: readonly CronJobDocument[] }>('GET', '/api/cron', { signal }),
  ]);
  return { status, overview, channels, jobs };
}

function RepairItem({ repair: { title, why, link, command, action }, reload }: { repair: Repair; reload: () => void }) {
  const [isBusy, setBusy] = useState(false);
  const act = async (run: () => Promise<unknown>): Promise<void> => {
    setBusy(true);
    await attempt(run);
    setBusy(false);
    reload();
  };
  return (
    <li class="repair">
      <Icon name="warning" />
      <div>
        <h3>{title}</h3>
        {why !== '' && <p class="muted">{why}</p>}
        <p class="row">
          {action !== undefined && <Button isBusy={isBusy} text={action.text} about={title} onClick={() => void act(action.run)} />}
          {link !== undefined && (
            <a class="button" href={link.hash}>
              {link.text}
            </a>
          )}
          {command !== undefined && (
            <>
              <code>{command}</code>
              <Button kind="quiet" icon="copy" text={t('copy')} about={command} onClick={() => void copyText(command)} />
            </>
          )}
        </p>
      </div>
    </li>
  );
}

function Repairs({ repairs, reload }: { repairs: readonly Repair[]; reload: () => void }) {
  return (
    <section class="card repairs" aria-labelledby="repairs-title">
      <h2 id="repairs-title">{repairs.length === 0 ? t('allWell') : t('repairs', { count: repairs.length })}</h2>
      {repairs.length === 0 && <p class="muted">{t('allWellText')}</p>}
      <ul>
        {repairs.map((repair) => (
          <RepairItem key={repair.id} repair={repair} reload={reload} />
        ))}
      </ul>
    </section>
  );
}

type Fact = readonly [name: string, value: string | null | undefined];

/** Facts under a title; those without a value are left out. */
function Facts({ title, rows }: { title: string; rows: readonly Fact[] }) {
  const known = rows.filter(([, value]) => value !== null && value !== undefined && value !== '');
  return (
    <section class="card">
      <h2>{title}</h2>
      <dl class="facts">
        {known.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

/** Returns who can reach the gateway, which follows from the address that it listens on. */
function exposure({ host, auth, warnings }: StatusDocument): string {
  if (warnings.some(({ code }) => code === 'AUTH_DISABLED')) return t('openToAll');
  if (isLocal(host)) return t('localOnly');
  return auth.enabled ? t('openWithToken') : t('openOthersToken');
}

function Gateway({ status }: { status: StatusDocument }) {
  const { worker, lastExit, supervisedBy } = status;
  return (
    <Facts
      title={t('gateway')}
      rows={[
        [t('version'), `${status.version} · ${status.build.running.slice(0, 8)}`],
        [t('installed'), status.build.installed === status.build.running ? t('same') : status.build.installed.slice(0, 8)],
        [t('uptime'), durationText(status.uptimeMs)],
        [t('supervisor'), `${status.pid}${supervisedBy === null ? '' : ` · ${supervisedBy}`}`],
        [t('worker'), worker === null ? t('none') : `${worker.pid} · ${t('since', { time: relativeTime(Date.parse(worker.startedAt)) })}`],
        [t('restarts'), t('restartCounts', status.restarts as unknown as Record<string, number>)],
        [t('lastExit'), lastExit === null ? undefined : `${lastExit.reason}, ${fullTime(Date.parse(lastExit.at))}`],
        [t('address'), `${status.host}:${status.port}`],
        [t('reach'), exposure(status)],
        [t('configFile'), status.configPath],
        [t('logFile'), status.logPath],
      ]}
    />
  );
}

function Load({ status, overview }: { status: StatusDocument; overview: Overview }) {
  const { eventLoopDelayMs: delay, memoryBytes, disk, databaseBytes } = overview;
  return (
    <Facts
      title={t('load')}
      rows={[
        [t('connections'), String(status.worker?.connections ?? 0)],
        [t('inFlight'), String(status.worker?.inFlight ?? 0)],
        [t('memory'), bytesText(memoryBytes.rss)],
        [t('loopDelay'), t('loopDelayText', { p50: String(delay.p50), p99: String(delay.p99), max: String(delay.max) })],
        [t('database'), databaseBytes === null ? undefined : bytesText(databaseBytes)],
        [t('disk'), disk === null ? undefined : t('diskText', { free: bytesText(disk.freeBytes), total: bytesText(disk.totalBytes) })],
        [t('waiting'), String((overview.outbox.queued ?? 0) + (overview.outbox.sending ?? 0) + (overview.outbox.retry_wait ?? 0))],
      ]}
    />
  );
}

function Next({ jobs }: { jobs: readonly CronJobDocument[] }) {
  const next = jobs
    .flatMap((job) => (job.nextRunAt === null ? [] : [{ ...job, atMs: Date.parse(job.nextRunAt) }]))
    .toSorted((a, b) => a.atMs - b.atMs)
    .slice(0, SHOWN_JOBS);
  return (
    <section class="card">
      <h2>{t('next')}</h2>
      {next.length === 0 && <p class="muted">{t('nothingNext')}</p>}
      <ul class="rows next-jobs">
        {next.map(({ id, name, nextRunAt }) => (
          <li key={id}>
            <a href={hashOf('cron', [id])}>{name}</a>
            <Ago class="muted spread" at={nextRunAt ?? ''} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function ChannelItem({ channel: account }: { channel: ChannelDocument }) {
  const { channel, accountId, state, since, lastError, health } = account;
  return (
    <li class="channel-item">
      <a href={hashOf('channels')}>
        {channel}/{accountId}
      </a>
      <span class={`${channelChip(account)} spread`}>{t(`channel_${state}`)}</span>
      {health.reason !== null && <p class="message-error">{health.reason}</p>}
      {since !== null && <Ago as="p" class="muted" at={since} text={(time) => t('since', { time })} />}
      {lastError !== null && (
        <Ago as="p" class="muted" at={lastError.at} text={(time) => t('lastError', { time, message: lastError.message })} />
      )}
    </li>
  );
}

function Channels({ channels }: { channels: readonly ChannelDocument[] }) {
  return (
    <section class="card">
      <h2>{t('channels')}</h2>
      <ul class="rows">
        {channels.map((channel) => (
          <ChannelItem key={`${channel.channel}/${channel.accountId}`} channel={channel} />
        ))}
      </ul>
    </section>
  );
}

export default function StatusView() {
  const resource = useResource(readWhole, []);
  const { value, error, reload } = resource;
  const day = useResource((signal) => call<OverviewHistory>('GET', '/api/overview/history', { signal }), []);
  useLiveReload(['message', 'channel', 'config'], reload, RELOAD_MS);
  useLiveReload(['cron', 'message', 'turn'], day.reload, HISTORY_MS);
  const state = value?.status.state;
  return (
    <section class="view">
      <PageHeader
        title={t('title')}
        note={
          <>
            {state !== undefined && error === undefined && (
              <span class={state === 'running' ? 'chip good' : 'chip warn'}>{t(`state_${state}`)}</span>
            )}
            {state !== undefined && error !== undefined && <span class="chip">{t('stateWas', { state: t(`state_${state}`) })}</span>}
          </>
        }
      />
      <Loaded of={resource} />
      {value !== undefined && (
        <>
          <Repairs repairs={repairsOf(value)} reload={reload} />
          {day.value !== undefined && <Day history={day.value} />}
          <div class="status-grid">
            <Gateway status={value.status} />
            <Load status={value.status} overview={value.overview} />
            <Channels channels={value.channels} />
            <Next jobs={value.jobs} />
            <Failures failures={day.value?.failures ?? []} />
          </div>
        </>
      )}
    </section>
  );
}
