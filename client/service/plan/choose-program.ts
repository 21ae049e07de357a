/** Chooses the program that the service runs: this one, by its most stable path. */
import { execFileSync } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { bundleDirectory } from '../../../shared/node/build/bundle.js';
import { isSingleExecutable } from '../../../shared/node/build/single-executable.js';
import { childEnvironment } from '../../../shared/node/process/env.js';
import { usage } from '../../cli/usage.js';
import type { ServiceProgram, ServiceRuntime } from './service-plan.js';

/** Directories that a version manager removes when another version is chosen. */
const VERSION_MANAGERS =
  /[\\/](\.nvm|nvm|\.fnm|fnm|fnm_multishells|\.volta|\.asdf|mise|\.nodenv|\.nvs|\.n|\.proto|\.local[\\/]share[\\/]rtx)[\\/]/;

const SYSTEM_NODES: Partial<Record<NodeJS.Platform, readonly string[]>> = {
  linux: ['/usr/bin/node', '/usr/local/bin/node'],
  darwin: ['/opt/homebrew/bin/node', '/usr/local/bin/node'],
};

function isNewEnough(version: string): boolean {
  const [, major = '0', minor = '0'] = /^v(\d+)\.(\d+)\./.exec(version) ?? [];
  return Number(major) > 20 || (Number(major) === 20 && Number(minor) >= 19);
}

function fits(path: string): boolean {
  try {
    return isNewEnough(
      execFileSync(path, ['--version'], {
        encoding: 'utf8',
        timeout: 5_000,
        env: childEnvironment({}),
        stdio: ['ignore', 'pipe', 'ignore'],
      }),
    );
  } catch {
    return false;
  }
}

/** @returns the Node that runs this process; the system's Node if this one belongs to a version manager and the system's is suitable */
export function chooseNode(execPath = process.execPath, candidates: readonly string[] = SYSTEM_NODES[process.platform] ?? []): string {
  if (!VERSION_MANAGERS.test(execPath)) return execPath;
  const isLasting = (path: string): boolean => existsSync(path) && !VERSION_MANAGERS.test(realpathSync(path));
  return candidates.find((path) => isLasting(path) && fits(path)) ?? execPath;
}

/** Where `npm run build:binary` puts the executable. */
const BINARY_NAME = process.platform === 'win32' ? 'xopc.exe' : 'xopc';

function binaryPath(): string {
  if (isSingleExecutable()) return process.execPath;
  const path = join(bundleDirectory, BINARY_NAME);
  if (existsSync(path)) return path;
  throw usage(`no executable found at ${path}`, 'Build it with: npm run build:binary');
}

/**
 * @param runtime  undefined: the runtime of this command @throws USAGE when the runtime does not exist
 */
export function chooseProgram(runtime: ServiceRuntime | undefined): ServiceProgram {
  if (runtime === 'binary' || (runtime === undefined && isSingleExecutable()))
    return { runtime: 'binary', path: binaryPath(), nodePath: null };
  if (isSingleExecutable())
    throw usage('--runtime node is not available in the single executable', 'Run install from the npm package: bin/xopc gateway install');
  return { runtime: 'node', path: dirname(bundleDirectory), nodePath: chooseNode() };
}
