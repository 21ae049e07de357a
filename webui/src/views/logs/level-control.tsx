/** How much is logged: the level in force, changed for a while. It goes back by itself. */
import { useEffect } from 'preact/hooks';
import type { z } from 'zod';
import type { logLevelResponse } from '../../../../shared/api/logs.js';
import { LOG_LEVELS, type LogLevel } from '../../../../shared/log/level.js';
import { call } from '../../api/client.js';
import { useResource } from '../../api/use-resource.js';
import { errorText } from '../../components/feedback.js';
import { Menu } from '../../components/menu.js';
import { showToast } from '../../components/toast.js';
import { t } from './text.js';

type LevelState = z.output<ReturnType<typeof logLevelResponse>>;

const FOR_MS = 15 * 60_000;

const clock = (at: string): string => new Date(at).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });

export function LevelControl() {
  const { value, set, reload } = useResource((signal) => call<LevelState>('GET', '/api/logs/level', { signal }), []);
  const until = value?.until ?? null;
  useEffect(() => {
    if (until === null) return undefined;
    const timer = setTimeout(reload, Math.max(1_000, Date.parse(until) - Date.now() + 500));
    return () => clearTimeout(timer);
  }, [until]);
  if (value === undefined) return null;
  const { level, configured } = value;
  const change = (to: LogLevel): void => {
    const body = to === configured ? { level: null } : { level: to, durationMs: FOR_MS };
    call<LevelState>('PATCH', '/api/logs/level', { body }).then(set, (error: unknown) =>
      showToast({ text: errorText(error), kind: 'error' }),
    );
  };
  const items = LOG_LEVELS.map((name) => ({
    label: name === configured ? t('levelConfigured', { level: name }) : t('levelFor', { level: name, minutes: FOR_MS / 60_000 }),
    isChecked: name === level,
    run: () => change(name),
  }));
  const text = until === null ? t('levelIs', { level }) : t('levelUntil', { level, time: clock(until) });
  return <Menu label={text} text={text} items={items} />;
}
