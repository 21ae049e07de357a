/** Locates the user's systemd: in a `su` or `sudo` shell, in cron or over ssh the environment lacks its address. */
import { existsSync, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { GatewayError } from '../../../shared/errors.js';
import { shellCommand } from '../../../shared/text/shell-word.js';

export interface UserSession {
  readonly userName: string;
  /** `/run/user/<uid>`. */
  readonly runtimeDir: string;
  readonly environment: Record<string, string>;
}

/** systemd is the init system when this exists (sd_booted(3)). */
const BOOTED = '/run/systemd/system';

/** Addresses of the manager of the user that this process runs as. Performs no checks. */
export function userSession(): UserSession {
  const { uid, username } = userInfo();
  const runtimeDir = `/run/user/${uid}`;
  return {
    userName: username,
    runtimeDir,
    environment: { XDG_RUNTIME_DIR: runtimeDir, DBUS_SESSION_BUS_ADDRESS: `unix:path=${runtimeDir}/bus` },
  };
}

function noSystemd(): GatewayError {
  return new GatewayError('UNAVAILABLE', {
    message: 'this machine does not run systemd (a container, WSL without it, or another init system)',
    hint: 'Run the gateway in the background instead: xopc gateway start',
  });
}

/** @throws UNAVAILABLE when there is no manager for this user, with the command that starts one */
export function assertUserSession(session: UserSession): void {
  if (!existsSync(BOOTED)) throw noSystemd();
  const entry = statSync(session.runtimeDir, { throwIfNoEntry: false });
  if (entry !== undefined && entry.uid === process.getuid?.() && existsSync(`${session.runtimeDir}/systemd`)) return;
  throw new GatewayError('UNAVAILABLE', {
    message: `no systemd runs for user ${session.userName} (${session.runtimeDir} ${entry === undefined ? 'does not exist' : 'is not usable'})`,
    hint: `Start one at boot with: ${shellCommand`sudo loginctl enable-linger ${session.userName}`}   Then install again.`,
  });
}
