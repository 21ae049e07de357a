/** Sets the log level of one module for a time, and lists and resets the levels that are changed now. */
import { useState } from 'preact/hooks';
import type { LogLevelState } from '../../../../../shared/api/gateway/logs.js';
import { LOG_LEVELS, type LogLevel } from '../../../../../shared/log/level.js';
import { LOG_MODULES, type LogModule } from '../../../../../shared/log/modules.js';
import { type Call, make } from '../../../api/client.js';
import { Button } from '../../../components/button/button.js';
import { SelectField } from '../../../components/field/field.js';
import { FormDialog, useWork } from '../../../components/form/form.js';
import { clockTime } from '../../../components/time-text/time-text.js';
import { t as shell } from '../../../shell/text.js';
import { t } from '../text.js';

const MINUTES = ['15', '60', '480'] as const;

const changeCall = (module: LogModule, level: LogLevel | null, minutes?: string): Call => ({
  method: 'PATCH',
  path: '/api/logs/level',
  body: { level, module, ...(minutes === undefined ? {} : { durationMs: Number(minutes) * 60_000 }) },
});

interface LevelDialogProps {
  readonly state: LogLevelState;
  readonly onChange: (state: LogLevelState) => void;
  readonly onClose: () => void;
}

function Changed({ state, back }: { state: LogLevelState; back: (module: LogModule) => void }) {
  if (state.modules.length === 0) return null;
  return (
    <ul class="rows" aria-label={t('levelChanged')}>
      {state.modules.map(({ module, level, until }) => (
        <li key={module}>
          <code>{module}</code>
          <span>{t('levelOwn', { level, time: clockTime(until) })}</span>
          <span class="spread">
            <Button text={t('levelBack')} about={module} onClick={() => back(module)} />
          </span>
        </li>
      ))}
    </ul>
  );
}

export function LevelDialog({ state, onChange, onClose }: LevelDialogProps) {
  const [module, setModule] = useState<LogModule>('http');
  const [level, setLevel] = useState<LogLevel>('debug');
  const [minutes, setMinutes] = useState<(typeof MINUTES)[number]>('15');
  const work = useWork();
  const send = async (change: Call): Promise<void> => onChange(await make<LogLevelState>(change));
  return (
    <FormDialog
      title={t('levelOfModule')}
      work={work}
      call={() => changeCall(module, level, minutes)}
      closeText={shell('close')}
      submitText={t('levelChange')}
      onClose={onClose}
      onSubmit={() => send(changeCall(module, level, minutes))}
    >
      <SelectField label={t('levelModule')} hint={t(`module_${module}`)} value={module} onChange={setModule} choices={LOG_MODULES} />
      <SelectField label={t('level')} value={level} onChange={setLevel} choices={LOG_LEVELS} />
      <SelectField
        label={t('levelTime')}
        value={minutes}
        onChange={setMinutes}
        choices={MINUTES.map((value) => ({ value, label: t(`levelTime_${value}`) }))}
      />
      <Changed state={state} back={(name) => void work.run('back', () => send(changeCall(name, null)))} />
    </FormDialog>
  );
}
