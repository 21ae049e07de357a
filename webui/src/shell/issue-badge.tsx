/** The number of issues beside the link to the status view. */
import { useEffect } from 'preact/hooks';
import { health, readStatus } from '../api/health.js';
import { connection, pageSocket } from '../api/socket.js';
import { whenIdle } from '../browser/when-idle.js';
import { Badge } from '../components/status-dot/status-dot.js';
import { t } from './text.js';

/** Delayed, so that the data of the shown view is loaded first. */
const FIRST_MS = 500;
const EVERY_MS = 60_000;

/** A hidden or disconnected tab does not ask: it would ask for as long as it is open, or open the sign-in screen. */
function readIssues(): void {
  if (document.visibilityState === 'visible' && connection.peek().kind === 'online') void readStatus().catch(() => undefined);
}

/** Loads the issues once a minute, and after each connection. The status view reads them more often. */
function useIssues(): void {
  useEffect(() => {
    const stop = pageSocket.onConnected(() => void setTimeout(whenIdle, FIRST_MS, readIssues));
    const every = setInterval(readIssues, EVERY_MS);
    return () => {
      stop();
      clearInterval(every);
    };
  }, []);
}

export function IssueBadge() {
  useIssues();
  const issues = health.value?.issues ?? [];
  if (issues.length === 0) return null;
  return (
    <Badge tone={issues.some(({ severity }) => severity === 'error') ? 'bad' : 'warning'}>
      <span class="number">{issues.length}</span>
      <span class="off-screen"> {t('issues', { count: issues.length })}</span>
    </Badge>
  );
}
