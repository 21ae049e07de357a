/** The npm package as `npm pack` makes it, and the package managers that install it. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runProcess, root } from './real-gateway.js';

export interface Packed {
  /** The package's file. */
  readonly path: string;
  /** What is inside, in order. */
  readonly files: readonly string[];
}

/** Runs a program to its end without blocking this process. @returns its stdout @throws with what it printed when it fails */
export async function runTool(command: readonly [string, ...string[]], env: Record<string, string> = {}, cwd = root): Promise<string> {
  const { code, stdout, stderr } = await runProcess(command, [], { env, cwd }).done;
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}: ${stderr}${stdout}`);
  return stdout;
}

/** Packs this clone into `directory`. */
export async function pack(directory: string): Promise<Packed> {
  const stdout = await runTool(['npm', 'pack', '--json', '--pack-destination', directory]);
  const [{ filename, files }] = JSON.parse(stdout) as [{ filename: string; files: { path: string }[] }];
  return { path: join(directory, filename), files: files.map(({ path }) => path).toSorted() };
}

/** The same package as another version and build. @returns its path */
export function asVersion(packed: Packed, version: string): string {
  const directory = join(packed.path, '..', version);
  const target = join(packed.path, '..', `xopc-${version}.tgz`);
  mkdirSync(directory);
  execFileSync('tar', ['xzf', packed.path, '-C', directory]);
  const manifest = join(directory, 'package', 'package.json');
  writeFileSync(manifest, JSON.stringify({ ...(JSON.parse(readFileSync(manifest, 'utf8')) as object), version }));
  writeFileSync(join(directory, 'package', 'dist', 'build.json'), JSON.stringify({ version, buildId: `of-${version}` }));
  execFileSync('tar', ['czf', target, '-C', directory, 'package']);
  return target;
}

export interface Installer {
  /** Installs the package for the user, without install scripts. */
  install(path: string): Promise<void>;
  /** The command that it made. */
  readonly command: string;
}

export function npmInstaller(prefix: string): Installer {
  return {
    async install(path) {
      await runTool(['npm', 'install', '--global', '--prefix', prefix, '--ignore-scripts', '--prefer-offline', path]);
    },
    command: join(prefix, 'bin', 'xopc'),
  };
}

/** @param options.binDirectory  where this version puts commands, relative to `prefix` */
export function pnpmInstaller(prefix: string, options: { version: string; binDirectory: string }): Installer {
  const bin = join(prefix, options.binDirectory);
  const env = { PNPM_HOME: prefix, PATH: `${bin}:${process.env['PATH']}`, XDG_CONFIG_HOME: prefix };
  const pnpm = ['npm', 'exec', '--yes', '--prefer-offline', '--package', `pnpm@${options.version}`, '--', 'pnpm'] as const;
  return {
    async install(path) {
      await runTool([...pnpm, 'add', '--global', '--ignore-scripts', '--prefer-offline', `file:${path}`], env, prefix);
    },
    command: join(bin, 'xopc'),
  };
}
