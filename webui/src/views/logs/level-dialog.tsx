/** The level of one part of the gateway, for a while; and what is changed now, with the way back. */
import { useState } from 'preact/hooks';
import type { z } from 'zod';
import type { logLevelResponse } from '../../../../shared/api/gateway/logs.js';
import { LOG_LEVELS, type LogLevel } from '../../../../shared/log/level.js';
import { LOG_MODULES, type LogModule } from '../../../../shared/log/modules.js';
import { type Call, call } from '../../api/client.js';
import { Button } from '../../components/button.js';
import { CopyAs } from '../../components/copy-as.js';
import { Dialog, DialogActions } from '../../components/dialog.js';
import { ErrorBox } from '../../components/feedback.js';
import { SelectField } from '../../components/field.js';
import { t as shell } from '../../shell/text.js';
import { t } from './text.js';

export type LevelState = z.output<ReturnType<typeof logLevelResponse>>;

const MINUTES = [15, 60, 480] as const;

export const clock = (at: string): string => new Date(at).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });

const changeCall = (module: LogModule, level: LogLevel | null, minutes?: number): Call => ({
  method: 'PATCH',
  path: '/api/logs/level',
  body: { level, module, ...(minutes === undefined ? {} : { durationMs: minutes * 60_000 }) },
});

interface LevelDialogProps {
  readonly state: LevelState;
  readonly onChange: (state: LevelState) => void;
  readonly onClose: () => void;
}

function Changed({ state, back }: { state: LevelState; back: (module: LogModule) => void }) {
  if (state.modules.length === 0) return null;
  return (
    <ul class="rows" aria-label={t('levelChanged')}>
      {state.modules.map(({ module, level, until }) => (
        <li key={module}>
          <code>{module}</code>
          <span>{t('levelOwn', { level, time: clock(until) })}</span>
          <span class="spread">
            <Button onClick={() => back(module)}>
              {t('levelBack')}
              <span class="off-screen">{module}</span>
            </Button>
          </span>
        </li>
      ))}
    </ul>
  );
}

export function LevelDialog({ state, onChange, onClose }: LevelDialogProps) {
  const [module, setModule] = useState<LogModule>('http');
  const [level, setLevel] = useState<LogLevel>('debug');
  const [minutes, setMinutes] = useState<number>(MINUTES[0]);
  const [error, setError] = useState<unknown>(undefined);
  const send = ({ method, path, body }: Call): void => {
    setError(undefined);
    call<LevelState>(method, path, { body }).then(onChange, setError);
  };
  return (
    <Dialog title={t('levelOfModule')} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          send(changeCall(module, level, minutes));
        }}
      >
        <SelectField
          label={t('levelModule')}
          hint={t(`module_${module}`)}
          value={module}
          onChange={(name) => setModule(name as LogModule)}
          choices={LOG_MODULES.map((value) => ({ value, label: value }))}
        />
        <SelectField
          label={t('level')}
          value={level}
          onChange={(name) => setLevel(name as LogLevel)}
          choices={LOG_LEVELS.map((value) => ({ value, label: value }))}
        />
        <SelectField
          label={t('levelTime')}
          value={String(minutes)}
          onChange={(count) => setMinutes(Number(count))}
          choices={MINUTES.map((count) => ({ value: String(count), label: t(`levelTime_${count}`) }))}
        />
        <Changed state={state} back={(name) => send(changeCall(name, null))} />
        {error !== undefined && <ErrorBox error={error} />}
        <DialogActions>
          <CopyAs call={() => changeCall(module, level, minutes)} />
          <Button onClick={onClose}>{shell('close')}</Button>
          <Button kind="primary" type="submit">
            {t('levelChange')}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
