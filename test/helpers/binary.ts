/** The single executable, built when it is not there or is of another build. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readTrailer } from '../../shared/node/build/single-executable.js';
import { root } from './real-gateway.js';

const path = join(root, 'dist', process.platform === 'win32' ? 'xopc.exe' : 'xopc');

/** @returns its path @throws with the build's own words */
export function buildBinary(): string {
  const wanted: unknown = JSON.parse(readFileSync(join(root, 'dist', 'build.json'), 'utf8'));
  if (existsSync(path) && JSON.stringify(readTrailer(path)) === JSON.stringify(wanted)) return path;
  execFileSync(process.execPath, [join(root, 'bin', 'build-binary.mjs')], { stdio: 'pipe' });
  return path;
}

/** The same executable as one of another build. */
export function asOtherBuild(binary: Buffer, build: { version: string; buildId: string }): Buffer {
  const trailer = Buffer.alloc(256);
  trailer.write(`XOPC-BUILD${JSON.stringify(build)}`);
  return Buffer.concat([binary.subarray(0, -trailer.length), trailer]);
}
