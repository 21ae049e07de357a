/** Checks the Node that runs this program, and the installed package. */
import { createHash } from 'node:crypto';
import { constants, existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { BUNDLE_NAMES, bundleDirectory, readBuildInfo } from '../../shared/node/build/bundle.js';
import { canAccess } from '../../shared/node/files/if-present.js';
import { environmentValue } from '../../shared/node/process/env.js';
import { isSingleExecutable, readTrailer } from '../../shared/node/build/single-executable.js';
import { ownLauncher } from '../cli/command-name.js';
import { fail, type Finding, ok, warn } from './finding.js';

/** By `.github/workflows/ci.yml`. */
const TESTED = ['20', '22', '24', '26'];

export function checkNode(version = process.versions.node): Finding {
  const isUntried = !TESTED.includes(version.split('.', 1)[0] ?? '');
  return isUntried
    ? warn('node', `Node.js ${version} is not one of the tested versions (${TESTED.join(', ')})`, {
        fix: 'Use one of them if something does not work',
      })
    : ok('node', `Node.js ${version} (${process.execPath})`);
}

/** The first line of a bundle is the hash of the rest. */
function isWhole(path: string): boolean {
  const bytes = readFileSync(path);
  const start = bytes.indexOf('\n') + 1;
  const [, hash = ' '] = /^\/\/ ([0-9a-f]{16})\n$/.exec(bytes.toString('latin1', 0, start)) ?? [];
  return createHash('sha256').update(bytes.subarray(start)).digest('hex').startsWith(hash);
}

function damage(directory: string): string[] {
  const present = readdirSync(directory).filter((name) => name.endsWith('.cjs') && name !== 'main.cjs');
  const names = new Set([...BUNDLE_NAMES.map((name) => `${name}.cjs`), ...present]);
  return [...names].flatMap((name) => {
    try {
      return isWhole(join(directory, name)) ? [] : [`${name} differs from the build`];
    } catch (error) {
      return [`${name} cannot be read (${(error as NodeJS.ErrnoException).code})`];
    }
  });
}

export function checkBuild(directory = bundleDirectory): Finding {
  const build = readBuildInfo();
  const name = build === undefined ? 'an unknown build' : `${build.version} build ${build.buildId}`;
  if (isSingleExecutable()) return ok('build', `${name}, one executable`);
  const problems = build === undefined ? ['build.json is missing', ...damage(directory)] : damage(directory);
  if (problems.length === 0) return ok('build', `${name} in ${directory}`);
  return fail('build', `the package in ${directory} is damaged: ${problems.join(', ')}`, {
    fix: 'Install it again; in a clone: npm run build',
  });
}

function inPath(name: string, path: string): string | undefined {
  const files = path.split(delimiter).map((directory) => join(directory, name));
  return files.find((file) => canAccess(file, constants.X_OK));
}

/** Checks which program `xopc` in PATH is. */
export function checkLauncher(
  own = realpathSync(isSingleExecutable() ? process.execPath : join(bundleDirectory, '..')),
  path = environmentValue('PATH') ?? '',
): Finding {
  const found = inPath(process.platform === 'win32' ? 'xopc.cmd' : 'xopc', path);
  if (found === undefined) return ok('launcher', `${ownLauncher(own)}; no xopc is in PATH`);
  const target = realpathSync(found);
  const isPackage = existsSync(join(target, '..', '..', 'dist', 'main.cjs')) || readTrailer(target) !== undefined;
  // A script of a version manager, of pnpm, or of npm on Windows: its target cannot be determined from outside.
  if (!isPackage) return ok('launcher', `${found}, a script whose target is not known; this one is ${own}`);
  return target === own || target.startsWith(join(own, 'bin'))
    ? ok('launcher', `${found} is this one`)
    : warn('launcher', `xopc in PATH is ${target}, this one is ${own}`, {
        fix: 'Remove one of them, or use the full path of the one you want',
      });
}
