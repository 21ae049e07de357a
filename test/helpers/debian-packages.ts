/** What tests need of the system, installed where that is possible. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** Apt refuses a second one at once, and one that waits for the first finds its lists complete. */
const LOCK = '/tmp/xopc-test-packages.lock';
const INSTALL = 'apt-get update -qq; exec apt-get install -y -qq -o DPkg::Lock::Timeout=120 --no-install-recommends "$@"';

/** @returns what apt-get said against it, or undefined */
function install(names: readonly string[]): string | undefined {
  const { status, stderr } = spawnSync('flock', [LOCK, 'sh', '-c', INSTALL, 'sh', ...names], {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    encoding: 'utf8',
  });
  return status === 0 ? undefined : stderr.trim();
}

/**
 * Installs packages with apt-get where this runs as root.
 * @param instead  where the first ones cannot be had
 * @returns why they cannot be installed, naming the platform, or undefined
 * @throws in CI, where a missing tool must not pass for a passed test
 */
export function installDebianPackages(names: readonly string[], instead?: readonly string[]): string | undefined {
  if (process.platform !== 'linux') return `${process.platform} has no ${names.join(', ')}`;
  if (process.getuid?.() !== 0) return `installing ${names.join(', ')} needs root on Linux`;
  if (!existsSync('/usr/bin/apt-get')) return `this Linux has no apt-get to install ${names.join(', ')}`;
  let refusal = install(names);
  if (refusal !== undefined && instead !== undefined) refusal = install(instead);
  if (refusal === undefined) return undefined;
  const reason = `apt-get could not install ${(instead ?? names).join(', ')} on this Linux: ${refusal}`;
  if (process.env['CI'] !== undefined) throw new Error(reason);
  return reason;
}
