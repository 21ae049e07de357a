/** Lines above the view about the connection. */
import { signal } from '@preact/signals';
import { useEffect, useState } from 'preact/hooks';
import type { ErrorResponse } from '../../../shared/api/error.js';
import { gatewayUrl } from '../api/gateway-url.js';
import { askForSignIn, session } from '../api/session.js';
import { connection, gateway, isOutdated, pageSocket } from '../api/socket.js';
import { isLoopback } from '../browser/is-loopback.js';
import { useNow } from '../browser/now.js';
import { Button } from '../components/button/button.js';
import { refusalText } from '../components/feedback/reason-text.js';
import { clockTime } from '../components/time-text/time-text.js';
import { readSetting, writeSetting } from '../settings.js';
import { CopyModeLine } from './copy-mode.js';
import { t } from './text.js';

const isWarned = signal(readSetting('insecureKnown') === '1');

/** Dismissed until the page is reloaded. */
const isOpenKnown = signal(false);

/** Shorter interruptions are not shown. */
const QUIET_MS = 700;
/** The same for the first connection, while the views wait for their data anyway: a line above them would push them down and up again. */
const FIRST_QUIET_MS = 3_000;

/** After so many failed attempts to connect, the gateway is asked why. */
const QUIET_TRIES = 2;

/** Returns why the gateway cannot start, which it answers to every request without a worker. Asks again after each attempt to connect. */
function useReason(tries: number): string | undefined {
  const [reason, setReason] = useState<ErrorResponse['error'] | undefined>(undefined);
  useEffect(() => {
    if (tries <= QUIET_TRIES) return setReason(undefined);
    const controller = new AbortController();
    fetch(gatewayUrl('/health'), { signal: controller.signal, cache: 'no-store' })
      .then(async (response) => {
        const { error } = (await response.json()) as Partial<ErrorResponse>;
        setReason(response.status === 503 ? error : undefined);
      })
      .catch(() => controller.signal.aborted || setReason(undefined));
    return () => controller.abort();
  }, [tries]);
  return reason && refusalText(reason.message, reason.details ?? {});
}

function useLateState() {
  const now = connection.value;
  const [shown, setShown] = useState<typeof now>({ kind: 'online' });
  useEffect(() => {
    if (now.kind === 'online') return setShown(now);
    const isFirst = now.kind === 'connecting' && gateway.peek() === undefined;
    const quietMs = isFirst ? FIRST_QUIET_MS : QUIET_MS;
    const timer = setTimeout(() => setShown(now), shown.kind === 'online' ? quietMs : 0);
    return () => clearTimeout(timer);
  }, [now]);
  return shown;
}

/** Returns when the connection was lost, which is the age of the shown data. */
function useLostAt(isOnline: boolean): number {
  const [lostAt, setLostAt] = useState(Date.now);
  useEffect(() => {
    if (!isOnline) setLostAt(Date.now());
  }, [isOnline]);
  return lostAt;
}

function ConnectionLine() {
  const state = useLateState();
  const lostAt = useLostAt(state.kind === 'online');
  const nowMs = useNow(state.kind === 'waiting' ? 500 : undefined);
  const reason = useReason(state.kind === 'waiting' ? state.tries : 0);
  if (state.kind === 'online' || state.kind === 'unauthorized') return null;
  if (state.kind === 'refused') {
    return (
      <div class="banner warn">
        <span>{t('refused')}</span>
        <Button text={t('signIn')} onClick={() => void askForSignIn('wanted')} />
      </div>
    );
  }
  if (state.kind === 'waiting') {
    const seconds = Math.max(0, Math.ceil((state.untilMs - nowMs) / 1000));
    return (
      <div class="banner bad">
        <span>
          {reason === undefined ? t(navigator.onLine ? 'gone' : 'offline') : t('goneReason', { reason })}{' '}
          {seconds > 0 ? t('reconnecting', { seconds }) : t('connecting')} {t('shownFrom', { time: clockTime(lostAt) })}
        </span>
        <Button text={t('tryNow')} onClick={() => pageSocket.wake()} />
      </div>
    );
  }
  return <div class="banner warn">{t(state.kind)}</div>;
}

function understand(): void {
  writeSetting('insecureKnown', '1');
  isWarned.value = true;
}

export function Banners() {
  const isInsecure = location.protocol === 'http:' && !isLoopback(location.hostname) && !isWarned.value;
  return (
    <div class="banners" role="status" aria-live="polite">
      <ConnectionLine />
      <CopyModeLine />
      {isOutdated.value && (
        <div class="banner note">
          <span>{t('newBuild')}</span>
          <Button text={t('reload')} onClick={() => location.reload()} />
        </div>
      )}
      {session.value.openToNetwork && !isOpenKnown.value && (
        <div class="banner warn">
          <span>{t('openToNetwork')}</span>
          <Button text={t('understood')} onClick={() => (isOpenKnown.value = true)} />
        </div>
      )}
      {isInsecure && (
        <div class="banner warn">
          <span>{t('insecure')}</span>
          <Button text={t('understood')} onClick={understand} />
        </div>
      )}
    </div>
  );
}
