/** The number of issues beside the link to the status view. */
import { health, readStatus } from '../api/health.js';
import { useLiveReload } from '../api/live-reload.js';
import { gateway } from '../api/socket.js';
import { useResource } from '../api/use-resource.js';
import { useIdle } from '../browser/when-idle.js';
import { Badge } from '../components/status-dot/status-dot.js';
import { t } from './text.js';

const EVERY_MS = 60_000;

/** Reads the issues once a minute, and for each new connection. The status view reads them more often. */
function Issues() {
  const { refresh } = useResource(readStatus, [gateway.value]);
  useLiveReload([], refresh, EVERY_MS);
  const issues = health.value?.issues ?? [];
  if (issues.length === 0) return null;
  return (
    <Badge tone={issues.some(({ severity }) => severity === 'error') ? 'bad' : 'warning'}>
      <span class="number">{issues.length}</span>
      <span class="off-screen"> {t('issues', { count: issues.length })}</span>
    </Badge>
  );
}

/** Not before the browser is idle, so that the data of the shown view is loaded first. */
export function IssueBadge() {
  const isIdle = useIdle();
  return isIdle && gateway.value !== undefined ? <Issues /> : null;
}
