/** The time until a run, counted down; every second in the last minutes. */
import { useEffect, useState } from 'preact/hooks';
import { durationText, relativeTime } from '../../components/time-text/time-text.js';
import { t } from './text.js';

const NEAR_MS = 600_000;

export function Countdown({ atMs }: { atMs: number }) {
  const [nowMs, setNow] = useState(Date.now());
  const leftMs = atMs - nowMs;
  const isNear = leftMs < NEAR_MS;
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), isNear ? 1_000 : 30_000);
    return () => clearInterval(timer);
  }, [isNear]);
  const text =
    leftMs <= 0
      ? t('dueNow')
      : isNear
        ? t('in', { time: durationText(Math.max(1_000, Math.floor(leftMs / 1_000) * 1_000)) })
        : relativeTime(atMs, nowMs);
  return <span class="countdown">{text}</span>;
}
