/** A home directory of a gateway for one test: its paths, its environment, its files. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { GatewayEnvironment } from '../../shared/node/process/env.js';
import { type GatewayPaths, resolvePaths } from '../../shared/node/process/paths.js';
import { tempDir } from './temp-dir.js';
import { testEnvironment } from './test-environment.js';

export interface GatewayHome {
  readonly paths: GatewayPaths;
  readonly environment: GatewayEnvironment;
  /** Writes the configuration; an object as JSON, a text as it is. */
  writeConfig(content: unknown): void;
  writeModels(content: unknown): void;
}

export function gatewayHome(): GatewayHome {
  const home = join(tempDir(), 'xopc');
  const paths = resolvePaths({ home, runtimeDir: home });
  for (const path of [paths.home, paths.lockDir, paths.runDir, paths.logDir, paths.stateDir, paths.credentialsDir])
    mkdirSync(path, { mode: 0o700 });
  const write = (path: string, content: unknown): void =>
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return {
    paths,
    environment: testEnvironment(home),
    writeConfig: (content) => write(paths.configPath, content),
    writeModels: (content) => write(paths.modelsPath, content),
  };
}
