/** The status view: the gateway's health, its issues, and its history. */
import { useRef } from 'preact/hooks';
import type { ConfigVersion } from '../../../../shared/api/gateway/config.js';
import type { Overview, OverviewHistory } from '../../../../shared/api/gateway/overview.js';
import { call } from '../../api/client.js';
import { readStatus } from '../../api/health.js';
import { useLiveReload } from '../../api/live-reload.js';
import { useResource } from '../../api/use-resource.js';
import { ErrorBox } from '../../components/feedback/feedback.js';
import { PageHeader } from '../../components/page-header/page-header.js';
import { Skeleton } from '../../components/skeleton/skeleton.js';
import { t as shell } from '../../shell/text.js';
import { Day } from './day.js';
import { Details } from './details.js';
import { Failures } from './failures.js';
import { Headline, IssueLists } from './headline.js';
import type { Whole } from './issues.js';
import { Nodes } from './nodes.js';
import { Tiles } from './tiles.js';
import './status.css';

const RELOAD_MS = 5_000;
/** The gateway keeps one sample per minute. */
const HISTORY_MS = 60_000;

async function readWhole(signal: AbortSignal): Promise<Whole> {
  const [status, overview] = await Promise.all([readStatus(signal), call<Overview>('GET', '/api/overview', { signal })]);
  return { status, overview };
}

interface DayData {
  readonly history: OverviewHistory;
  readonly versions: readonly ConfigVersion[];
}

async function readDay(signal: AbortSignal): Promise<DayData> {
  const [history, { versions }] = await Promise.all([
    call<OverviewHistory>('GET', '/api/overview/history', { signal }),
    // Not everyone may read them.
    call<{ versions: readonly ConfigVersion[] }>('GET', '/api/config/versions', { signal, isOptional: true }).catch(() => ({
      versions: [],
    })),
  ]);
  return { history, versions };
}

export default function StatusView() {
  const resource = useResource(readWhole, []);
  const { value, error, reload, refresh } = resource;
  const day = useResource(readDay, []);
  // What it adds to the tiles would move everything below them.
  const isDayAwaited = useRef(true);
  if (day.value !== undefined || day.error !== undefined) isDayAwaited.current = false;
  const isShown = value !== undefined && !isDayAwaited.current;
  useLiveReload(['message', 'channel', 'config', 'cron'], refresh, RELOAD_MS);
  useLiveReload(['cron', 'message', 'turn', 'config'], day.refresh, HISTORY_MS);
  return (
    <section class="view status">
      <PageHeader title={shell('status')} />
      {error !== undefined && <ErrorBox error={error} retry={reload} isStale={value !== undefined} />}
      {!isShown && error === undefined && <Skeleton lines={8} />}
      {isShown && (
        <>
          <Headline whole={value} isLost={error !== undefined} />
          <IssueLists whole={value} reload={reload} />
          <Tiles whole={value} history={day.value?.history} />
          <Nodes nodes={value.status.nodes ?? []} />
          {day.value !== undefined && <Day day={value.status.health.last24Hours} {...day.value} />}
          <Failures failures={day.value?.history.failures ?? []} />
          <Details whole={value} />
        </>
      )}
    </section>
  );
}
