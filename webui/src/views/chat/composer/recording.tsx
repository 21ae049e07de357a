/**
 * Records a voice message, in place of the composer's other buttons. Loaded on the first recording; it imports nothing from the
 * chat view, because that would add a request to the view's first load.
 */
import { useEffect, useRef, useState } from 'preact/hooks';
import { askBeforeLeaving } from '../../../browser/leaving.js';
import { IconButton } from '../../../components/button/button.js';
import { showToast } from '../../../components/toast/toast.js';
import { defineText } from '../../../i18n/language.js';
import en from '../../../i18n/en/voice.json';
import zh from '../../../i18n/zh/voice.json';
import { record, secondsIn } from './recorder.js';

const t = defineText(en, zh);

const TICK_MS = 250;

/** 125 → `2:05`. */
const clockText = (seconds: number): string => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;

function explain(error: unknown): string {
  const { name, message } = error as Error;
  if (name === 'NotAllowedError') return t('denied');
  return name === 'NotFoundError' ? t('missing') : message;
}

export interface RecordingProps {
  readonly limitSeconds: number;
  readonly limitBytes: number;
  /** Gets the recording; undefined for none. Also called once this is gone, for what was recorded until then. */
  readonly onEnd: (file: File | undefined) => void;
}

/** Requests the microphone and records until stopped. @returns when it began, undefined until then, and a function that stops it */
function useRecording({ onEnd }: RecordingProps) {
  const [begunAtMs, setBegunAtMs] = useState<number | undefined>(undefined);
  const stop = useRef((_isKept: boolean): void => undefined);
  useEffect(() => {
    let isGone = false;
    const end = (file: File | undefined): void => {
      if (!isGone) onEnd(file);
      isGone = true;
    };
    stop.current = () => end(undefined);
    const stopAsking = askBeforeLeaving();
    navigator.mediaDevices.getUserMedia({ audio: true }).then(
      (stream) => {
        if (isGone) return stream.getTracks().forEach((track) => track.stop());
        stop.current = record(stream, end).stop;
        setBegunAtMs(performance.now());
      },
      (error: unknown) => {
        if (!isGone) showToast({ text: explain(error), kind: 'error' });
        end(undefined);
      },
    );
    return () => {
      stopAsking();
      // Nobody has cancelled it: something else was opened.
      stop.current(true);
    };
  }, []);
  return { begunAtMs, stop };
}

export function Recording(props: RecordingProps) {
  const { begunAtMs, stop } = useRecording(props);
  const [seconds, setSeconds] = useState(0);
  const mostSeconds = Math.min(props.limitSeconds, secondsIn(props.limitBytes));
  const bar = useRef<HTMLDivElement>(null);
  const isRecording = begunAtMs !== undefined;
  useEffect(() => {
    // The next key ends it: Enter keeps it, Escape does not.
    bar.current?.querySelector<HTMLElement>(isRecording ? '.primary' : '.quiet')?.focus();
    if (!isRecording) return undefined;
    const timer = setInterval(() => {
      const passed = Math.floor((performance.now() - begunAtMs) / 1_000);
      setSeconds(passed);
      if (passed >= mostSeconds) stop.current(true);
    }, TICK_MS);
    return () => clearInterval(timer);
  }, [begunAtMs]);
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== 'Escape') return;
    event.stopPropagation();
    event.preventDefault();
    stop.current(false);
  };
  return (
    <div class="box-row recording" role="group" aria-label={t('recording')} ref={bar} onKeyDown={onKeyDown}>
      <span class="pulse" aria-hidden="true" />
      <span class="spread">
        <span role="status">{t(isRecording ? 'recording' : 'asked')}</span>{' '}
        {isRecording && (
          <span class="hint" role="timer">
            {t('timeOf', { time: clockText(seconds), limit: clockText(mostSeconds) })}
          </span>
        )}
      </span>
      <IconButton icon="close" label={t('cancel')} onClick={() => stop.current(false)} />
      <span class="round">
        <IconButton kind="primary" icon="check" label={t('finish')} disabled={!isRecording} onClick={() => stop.current(true)} />
      </span>
    </div>
  );
}
