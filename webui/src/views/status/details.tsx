/** Facts for administrators of the gateway's machine, folded. */
import type { Overview } from '../../../../shared/api/gateway/overview.js';
import type { StatusDocument } from '../../../../shared/api/gateway/status.js';
import { isLoopback } from '../../browser/is-loopback.js';
import { Fact, Facts } from '../../components/facts/facts.js';
import { whyText } from '../../components/feedback/reason-text.js';
import { bytesText, durationText, fullTime, relativeTime } from '../../components/time-text/time-text.js';
import type { Whole } from './issues.js';
import { t } from './text.js';

/** Facts without a value are omitted; `isCode`: an id or a path. */
type NamedValue = readonly [name: string, value: string | null | undefined, isCode?: boolean];

/** Returns who can reach the gateway, which follows from the address that it listens on. */
function exposure({ host, auth, warnings }: StatusDocument): string {
  if (warnings.some(({ code }) => code === 'AUTH_DISABLED')) return t('openToAll');
  if (isLoopback(host)) return t('localOnly');
  return auth.enabled ? t('openWithToken') : t('openOthersToken');
}

function ofGateway(status: StatusDocument): readonly NamedValue[] {
  const { worker, lastExit, supervisedBy, build } = status;
  return [
    [t('version'), `${status.version} · ${build.running.slice(0, 8)}`],
    [t('installed'), build.installed === build.running ? t('same') : build.installed.slice(0, 8)],
    [t('startedAgo'), durationText(status.uptimeMs)],
    [t('supervisor'), `${status.pid}${supervisedBy === null ? '' : ` · ${supervisedBy}`}`],
    [t('worker'), worker === null ? t('none') : `${worker.pid} · ${t('since', { time: relativeTime(Date.parse(worker.startedAt)) })}`],
    [t('lastExit'), lastExit === null ? undefined : `${whyText(lastExit.reason, lastExit.why)} · ${fullTime(Date.parse(lastExit.at))}`],
    [t('address'), `${status.host}:${status.port}`, true],
    [t('reach'), exposure(status)],
    [t('configFile'), status.configPath, true],
    [t('logFile'), status.logPath, true],
  ];
}

function ofLoad({ worker }: StatusDocument, overview: Overview): readonly NamedValue[] {
  const { eventLoopDelayMs: delay, disk, databaseBytes } = overview;
  return [
    [t('connections'), String(worker?.connections ?? 0)],
    [t('inFlight'), String(worker?.inFlight ?? 0)],
    [t('loopDelay'), t('loopDelayText', { p50: String(delay.p50), p99: String(delay.p99), max: String(delay.max) })],
    [t('database'), databaseBytes === null ? undefined : bytesText(databaseBytes)],
    [t('disk'), disk === null ? undefined : t('diskText', { free: bytesText(disk.freeBytes), total: bytesText(disk.totalBytes) })],
  ];
}

export function Details({ whole: { status, overview } }: { whole: Whole }) {
  const facts = [...ofGateway(status), ...ofLoad(status, overview)];
  return (
    <details class="card details">
      <summary>{t('details')}</summary>
      <Facts>
        {facts.map(([name, value, isCode = false]) =>
          value === null || value === undefined || value === '' ? null : (
            <Fact key={name} name={name}>
              {isCode ? <code>{value}</code> : value}
            </Fact>
          ),
        )}
      </Facts>
    </details>
  );
}
