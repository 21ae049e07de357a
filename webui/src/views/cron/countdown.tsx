/** The time until a run, counted down; every second in the last minutes. */
import { useNow } from '../../browser/now.js';
import { durationText, relativeTime } from '../../components/time-text/time-text.js';
import { t } from './text.js';

const NEAR_MS = 600_000;

export function Countdown({ atMs }: { atMs: number }) {
  const isNear = atMs - Date.now() < NEAR_MS;
  const nowMs = useNow(isNear ? 1_000 : 30_000);
  const leftMs = atMs - nowMs;
  const text =
    leftMs <= 0
      ? t('dueNow')
      : isNear
        ? t('in', { time: durationText(Math.max(1_000, Math.floor(leftMs / 1_000) * 1_000)) })
        : relativeTime(atMs, nowMs);
  return <span class="countdown">{text}</span>;
}
