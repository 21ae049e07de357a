/** The configuration and models.json, written by a command and by the API. */
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeOptions } from '../../../client/commands/config/config-values.js';
import { ConfigDocuments } from '../../../daemon/worker/config/config-documents.js';
import { readConfigText } from '../../../shared/node/config/config-file.js';
import { undoConfig, writeConfig } from '../../../shared/node/config/config-write.js';
import { claimPaths } from '../../../shared/node/process/claim-paths.js';
import { type GatewayPaths, resolvePaths } from '../../../shared/node/process/paths.js';
import type { End, Operation } from './operation.js';

const OLD = '{\n  // kept\n  "gateway": { "port": 1111 }\n}\n';
const NEW = OLD.replace('1111', '2222');
const OLD_MODELS = '{ "providers": {} } // kept\n';

const pathsIn = (root: string): GatewayPaths => resolvePaths({ home: root, runtimeDir: root });

function prepare(root: string): void {
  const paths = pathsIn(root);
  for (const path of [paths.lockDir, paths.stateDir]) mkdirSync(path, { mode: 0o700 });
  writeFileSync(paths.configPath, OLD, { mode: 0o600 });
  writeFileSync(paths.modelsPath, OLD_MODELS, { mode: 0o600 });
}

function documents(root: string): ConfigDocuments {
  const paths = pathsIn(root);
  const inForce = () => ({ config: {} as never, revision: '', isTokenOverridden: false });
  return new ConfigDocuments({ paths, inForce, status: {} as never });
}

interface Texts {
  readonly old: string;
  readonly new: (text: string) => boolean;
  readonly path: (paths: GatewayPaths) => string;
}

const isConfigNew = (text: string): boolean => text === NEW;
const CONFIG: Texts = { old: OLD, new: isConfigNew, path: ({ configPath }) => configPath };
const MODELS: Texts = {
  old: OLD_MODELS,
  new: (text) => text.includes('"local"') && text.endsWith('// kept\n'),
  path: ({ modelsPath }) => modelsPath,
};

/**
 * A failure after the rename leaves the new text: when the directory cannot be synced, it is not known whether the text would survive a power
 * loss; an undo renames the copy for its own undo last.
 */
const isLateFault = ({ fault }: End): boolean => /^(fsync|rename state)/.test(fault?.call ?? '');

function checkText(texts: Texts) {
  return (root: string, end: End): string[] => {
    const paths = pathsIn(root);
    const path = texts.path(paths);
    const text = readConfigText(path) ?? '(none)';
    const problems = texts.old === text || texts.new(text) ? [] : [`${path} is neither the old nor the new document: ${text}`];
    const isNew = texts.new(text);
    if ((end.how === 'done' || end.again === 'done' || end.told.length > 0) && !isNew)
      problems.push('the write was reported and is not there');
    if (end.how === 'failed' && end.again === undefined && isNew && !isLateFault(end)) problems.push('the write was refused and is there');
    if ((statSync(path).mode & 0o777) !== 0o600) problems.push(`${path} is open to others`);
    return [...problems, ...checkKept(paths)];
  };
}

/** The copies for undo are whole. */
function checkKept({ undoConfigPath, undoModelsPath, configVersionsDir }: GatewayPaths): string[] {
  const versions = statSync(configVersionsDir, { throwIfNoEntry: false }) === undefined ? [] : readdirSync(configVersionsDir);
  const kept = [
    undoConfigPath,
    undoModelsPath,
    ...versions.filter((name) => !name.startsWith('.')).map((name) => join(configVersionsDir, name)),
  ];
  return kept.flatMap((path) => {
    const text = readConfigText(path);
    return text === undefined || [OLD, NEW, OLD_MODELS].includes(text) || MODELS.new(text) ? [] : [`${path} is not a whole document`];
  });
}

const port = { path: ['gateway', 'port'], value: 2222 };

export const operations: readonly Operation[] = [
  {
    name: 'config: set by the command',
    prepare,
    run: async (root, tell) => tell((await writeConfig(writeOptions(pathsIn(root)), [port])).hash),
    check: checkText(CONFIG),
  },
  {
    name: 'config: patch by the API',
    prepare,
    run: async (root, tell) => tell(await documents(root).patch({ gateway: { port: 2222 } }, {})),
    check: checkText(CONFIG),
  },
  {
    name: 'config: undo',
    async prepare(root) {
      prepare(root);
      const paths = pathsIn(root);
      writeFileSync(paths.configPath, NEW, { mode: 0o600 });
      await writeConfig(writeOptions(paths), [{ path: ['gateway', 'port'], value: 1111 }]);
    },
    // A second undo would be a redo.
    async run(root, tell) {
      const paths = pathsIn(root);
      if (readConfigText(paths.configPath) === OLD) await undoConfig(writeOptions(paths));
      else await writeConfig(writeOptions(paths), [port]);
      tell('undone');
    },
    check: checkText(CONFIG),
    // An undo that is done has nothing to write; the next start sweeps.
    async later(root, tell) {
      claimPaths(pathsIn(root));
      tell((await writeConfig(writeOptions(pathsIn(root)), [port])).hash);
    },
  },
  {
    name: 'models.json: patch by the API',
    prepare,
    run: async (root, tell) => tell(await documents(root).patchModels({ providers: { local: { baseUrl: 'http://127.0.0.1:1/v1' } } }, {})),
    check: checkText(MODELS),
  },
];
