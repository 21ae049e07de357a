/** What a home gets at its first start: the record of its owner and the token; and a new token. */
import { mkdirSync, readFileSync, statSync } from 'node:fs';
import { claimPaths } from '../../../shared/node/process/claim-paths.js';
import { readOwner } from '../../../shared/node/process/data-owner.js';
import { type GatewayPaths, resolvePaths } from '../../../shared/node/process/paths.js';
import { loadOrCreateToken, rotateToken } from '../../../shared/node/secrets/token-file.js';
import type { End, Operation } from './operation.js';

const pathsIn = (root: string): GatewayPaths => resolvePaths({ home: root, runtimeDir: root });

/** Unchanged content; undefined without a file. */
function tokenIn(root: string): string | undefined {
  const { tokenPath } = pathsIn(root);
  return statSync(tokenPath, { throwIfNoEntry: false }) === undefined ? undefined : readFileSync(tokenPath, 'utf8');
}

function check(root: string, { told }: End): string[] {
  const token = tokenIn(root);
  const owner = readOwner(root);
  const problems = owner === undefined || owner === 'config.json' ? [] : [`the owner is ${owner}`];
  if (token === undefined) return told.length > 0 ? ['the token that was told is not there'] : problems;
  if (!/^[\w-]{43}\n$/.test(token)) problems.push(`the token is not whole: ${token.length} characters`);
  if (told.length > 0 && token.trim() !== told.at(-1)) problems.push('another token was told');
  if ((statSync(pathsIn(root).tokenPath).mode & 0o777) !== 0o600) problems.push('the token is open to others');
  return problems;
}

async function load(root: string, tell: (step: unknown) => void): Promise<void> {
  const { credentialsDir, tokenPath } = claimPaths(pathsIn(root));
  mkdirSync(credentialsDir, { recursive: true, mode: 0o700 });
  tell(loadOrCreateToken(tokenPath));
}

export const operations: readonly Operation[] = [
  { name: 'secrets: first start', prepare: () => undefined, run: load, check },
  {
    name: 'secrets: new token',
    prepare: (root) => load(root, () => undefined),
    async run(root, tell) {
      tell(await rotateToken(pathsIn(root).tokenPath));
    },
    check,
  },
];
