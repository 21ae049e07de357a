/** How much is logged: the level in force, changed for a while. It goes back by itself. */
import { useEffect, useState } from 'preact/hooks';
import { LOG_LEVELS, type LogLevel } from '../../../../shared/log/level.js';
import { call } from '../../api/client.js';
import { useResource } from '../../api/use-resource.js';
import { errorText } from '../../components/feedback.js';
import { Menu } from '../../components/menu.js';
import { showToast } from '../../components/toast.js';
import { clock, LevelDialog, type LevelState } from './level-dialog.js';
import { t } from './text.js';

const FOR_MS = 15 * 60_000;

/** What is in force, for the button that leads to it. */
function buttonText({ level, until, modules }: LevelState): string {
  const all = until === null ? t('levelIs', { level }) : t('levelUntil', { level, time: clock(until) });
  return modules.length === 0 ? all : `${all} · ${t('levelModules', { count: modules.length })}`;
}

export function LevelControl() {
  const { value, set, reload } = useResource((signal) => call<LevelState>('GET', '/api/logs/level', { signal }), []);
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
    call<LevelState>('PATCH', '/api/logs/level', { body }).then(set, (error: unknown) =>
      showToast({ text: errorText(error), kind: 'error' }),
    );
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
