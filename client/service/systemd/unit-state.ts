/** Converts the output of `systemctl show` to a {@link ServiceState}. */
import type { ServiceState } from '../manager/service-manager.js';

export const SHOWN_PROPERTIES = 'LoadState,ActiveState,SubState,UnitFileState,MainPID,NRestarts,ExecMainStatus,ExecMainCode,Result';

/** Parses lines NAME=value. */
function parseProperties(text: string): Record<string, string> {
  const entries = text
    .split('\n')
    .filter((line) => line.includes('='))
    .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)] as const);
  return Object.fromEntries(entries);
}

function activityOf(active: string, sub: string): ServiceState['activity'] {
  if (sub.startsWith('auto-restart')) return 'restarting';
  switch (active) {
    case 'active':
    case 'reloading':
    case 'activating':
      return 'active';
    case 'deactivating':
      return 'stopping';
    case 'inactive':
    case 'failed':
      return active;
    case '':
      return 'inactive';
    default:
      return 'unknown';
  }
}

const count = (text: string | undefined): number | null => (text !== undefined && /^\d+$/.test(text) ? Number(text) : null);

export function parseUnitState(output: string): ServiceState {
  const {
    LoadState = '',
    ActiveState = '',
    SubState = '',
    UnitFileState = '',
    MainPID,
    NRestarts,
    ExecMainStatus,
    ExecMainCode,
  } = parseProperties(output);
  const pid = count(MainPID);
  return {
    isRegistered: LoadState === 'loaded',
    isEnabled: UnitFileState === 'enabled',
    activity: activityOf(ActiveState, SubState),
    pid: pid === 0 ? null : pid,
    restarts: count(NRestarts),
    // ExecMainCode 1 is CLD_EXITED: only then is the status an exit code.
    lastExitCode: ExecMainCode === '1' ? count(ExecMainStatus) : null,
    description: ActiveState === '' ? 'not known to systemd' : `${ActiveState} (${SubState})`,
  };
}
