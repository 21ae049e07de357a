/** The log level in force. A change ends by itself after a time. */
import { useEffect, useState } from 'preact/hooks';
import type { LogLevelState } from '../../../../../shared/api/gateway/logs.js';
import { LOG_LEVELS, type LogLevel } from '../../../../../shared/log/level.js';
import { call } from '../../../api/client.js';
import { useResource } from '../../../api/use-resource.js';
import { useIdle } from '../../../browser/when-idle.js';
import { Menu } from '../../../components/menu/menu.js';
import { clockTime } from '../../../components/time-text/time-text.js';
import { showError } from '../../../components/toast/toast.js';
import { LevelDialog } from './level-dialog.js';
import { t } from '../text.js';

const FOR_MS = 15 * 60_000;

function buttonText({ level, until, modules }: LogLevelState): string {
  const all = until === null ? t('levelIs', { level }) : t('levelUntil', { level, time: clockTime(until) });
  return modules.length === 0 ? all : `${all} · ${t('levelModules', { count: modules.length })}`;
}

/** The level is read when the lines are there. */
export function LevelControl() {
  return useIdle() ? <Control /> : null;
}

function Control() {
  const { value, set, reload } = useResource((signal) => call<LogLevelState>('GET', '/api/logs/level', { signal }), []);
  const [isOpen, setOpen] = useState(false);
  const ends = [value?.until, ...(value?.modules ?? []).map(({ until }) => until)].filter((at) => typeof at === 'string');
  const next = ends.toSorted()[0];
  useEffect(() => {
    if (next === undefined) return undefined;
    const timer = setTimeout(reload, Math.max(1_000, Date.parse(next) - Date.now() + 500));
    return () => clearTimeout(timer);
  }, [next]);
  if (value === undefined) return null;
  const { level, configured } = value;
  const change = (to: LogLevel): void => {
    const body = to === configured ? { level: null } : { level: to, durationMs: FOR_MS };
    call<LogLevelState>('PATCH', '/api/logs/level', { body }).then(set, showError);
  };
  const items = [
    ...LOG_LEVELS.map((name) => ({
      label: name === configured ? t('levelConfigured', { level: name }) : t('levelFor', { level: name, minutes: FOR_MS / 60_000 }),
      isChecked: name === level,
      run: () => change(name),
    })),
    { label: t('levelOfModule'), icon: 'config' as const, run: () => setOpen(true) },
  ];
  const text = buttonText(value);
  return (
    <>
      <Menu label={text} text={text} items={items} />
      {isOpen && <LevelDialog state={value} onChange={set} onClose={() => setOpen(false)} />}
    </>
  );
}
