/** The program that runs this gateway's further processes. */
import { existsSync } from 'node:fs';
import { basename, delimiter, join } from 'node:path';
import { environmentValue } from '../process/env.js';

/** Runs the program of this process, even if its file has been removed. Only Linux has it. */
const OWN_IMAGE = '/proc/self/exe';

/**
 * Returns the program that runs this process: Node, or the single executable. Package and version managers remove its file while a
 * gateway runs; then Linux runs it nevertheless, and other systems run the one in PATH.
 * @param ownImage  for tests
 */
export function nodeProgram(ownImage = OWN_IMAGE): string {
  const { execPath } = process;
  if (existsSync(execPath)) return execPath;
  const directories = (environmentValue('PATH') ?? '').split(delimiter).filter(Boolean);
  const others = directories.map((directory) => join(directory, basename(execPath)));
  return [ownImage, ...others].find((path) => existsSync(path)) ?? execPath;
}
