/** Lingering: keeps the user's systemd running from boot until shutdown, independent of logins (loginctl(1)). */
import { existsSync, readdirSync } from 'node:fs';
import type { RunTool } from '../manager/run-tool.js';
import type { ServiceConcern } from '../manager/service-manager.js';
import { shellCommand } from '../../../shared/text/shell-word.js';

export async function isLingering(run: RunTool, userName: string): Promise<boolean | undefined> {
  const { code, stdout } = await run('loginctl', ['show-user', userName, '--property=Linger', '--value']);
  return code === 0 ? stdout.trim() === 'yes' : undefined;
}

/** @returns whether lingering is on now */
export async function enableLinger(run: RunTool, userName: string): Promise<boolean> {
  await run('loginctl', ['--no-ask-password', 'enable-linger', userName]);
  return (await isLingering(run, userName)) === true;
}

/**
 * Without a login session, disabling lingering ends the user's systemd at once, and this command with it. The manager itself
 * has a session too, of the class `manager`, which does not count.
 */
async function hasLogin(run: RunTool, userName: string): Promise<boolean> {
  const listed = await run('loginctl', ['show-user', userName, '--property=Sessions', '--value']);
  const sessions = listed.code === 0 ? listed.stdout.split(/\s+/).filter((id) => id !== '') : [];
  if (sessions.length === 0) return false;
  const { stdout } = await run('loginctl', ['show-session', ...sessions, '--property=Class', '--value']);
  return stdout.split('\n').some((name) => name !== '' && !name.startsWith('manager'));
}

/**
 * Lingering may serve other services too: it is disabled only if no other unit of the user starts at boot.
 * @param unitDirectory  the user's own units
 * @returns why it stays enabled, or undefined
 */
export async function undoLinger(run: RunTool, userName: string, unitDirectory: string): Promise<string | undefined> {
  const hasOthers = existsSync(unitDirectory) && readdirSync(unitDirectory).some((name) => /\.(wants|requires)$/.test(name));
  const command = `to disable it: ${shellCommand`loginctl disable-linger ${userName}`}`;
  if (hasOthers) return `Lingering stays enabled for your other services; ${command}`;
  if (!(await hasLogin(run, userName)))
    return `Lingering stays enabled, because disabling it would end the systemd of this shell; ${command}`;
  await run('loginctl', ['--no-ask-password', 'disable-linger', userName]);
  return undefined;
}

export function lingerConcern(userName: string): ServiceConcern {
  return {
    message: `the gateway will end when ${userName} logs out, and not start at boot: lingering is disabled`,
    hint: shellCommand`sudo loginctl enable-linger ${userName}`,
  };
}
