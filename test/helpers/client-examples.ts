/** The examples of docs/client.md as one program, and what a gateway answered to it. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { transform } from 'esbuild';
import { root, runProcess } from './real-gateway.js';

const BLOCK = /(<!-- client: (?<how>\w+) -->\n)?```ts\n(?<text>[\s\S]*?)```/g;

/** Each block is a function of its own; `compile`: it names what no test has, and is only compiled. `setup`: what the program begins with. */
export function clientExamples(manual: string): string {
  const blocks = [...manual.matchAll(BLOCK)].map(({ groups }) => ({ how: groups?.['how'], text: groups?.['text'] ?? '' }));
  const [setup, ...examples] = blocks;
  if (setup?.how !== 'setup') throw new Error('docs/client.md does not begin with its setup');
  const functions = examples.map(({ how, text }) => `  { isRun: ${how !== 'compile'}, async run() {\n${text}} },`);
  return `${setup.text.replace(/createClient\(.*\)/, 'createClient()')}
export const examples = [
${functions.join('\n')}
];
`;
}

export interface Exchange {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly body: unknown;
  readonly status: number;
  readonly headers: { readonly 'content-type': string };
  /** Empty for a stream or a file. */
  readonly text: string;
  readonly json: Record<string, unknown> | undefined;
}

const RUNNER = `
import { writeFileSync } from 'node:fs';
const exchanges = [];
const { fetch } = globalThis;
globalThis.fetch = async (url, init = {}) => {
  const response = await fetch(url, init);
  const type = response.headers.get('Content-Type') ?? '';
  const { pathname, search } = new URL(url);
  const body = typeof init.body === 'string' ? JSON.parse(init.body) : undefined;
  const text = /^(application\\/json|text\\/plain)/.test(type) ? await response.clone().text() : '';
  const json = type.startsWith('application/json') ? JSON.parse(text) : undefined;
  exchanges.push({ method: init.method, path: pathname + search, body, status: response.status, headers: { 'content-type': type }, text, json });
  return response;
};
const { examples } = await import('./examples.mjs');
for (const { isRun, run } of examples) if (isRun) await run();
writeFileSync('exchanges.json', JSON.stringify(exchanges));
`;

/** A directory of a program that has the package, without the packages that only a gateway needs. */
export function makeProgram(directory: string, packed: string): void {
  mkdirSync(join(directory, 'node_modules', 'xopc'), { recursive: true });
  execFileSync('tar', ['xzf', packed, '--strip-components=1', '-C', join(directory, 'node_modules', 'xopc')]);
  writeFileSync(join(directory, 'package.json'), '{"private":true}');
}

/** Compiles files as users do. @returns what the compiler says */
export async function compile(directory: string, files: Readonly<Record<string, string>>): Promise<string> {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
  const options = ['--noEmit', '--ignoreConfig', '--strict', '--exactOptionalPropertyTypes', '--module', 'nodenext', '--target', 'es2023'];
  const types = ['--typeRoots', join(root, 'node_modules', '@types'), '--types', 'node'];
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const { stdout } = await runProcess([process.execPath, tsc], [...options, ...types, ...Object.keys(files)], { env: {}, cwd: directory })
    .done;
  return stdout;
}

/** Runs the examples against a gateway. @returns what was asked and answered */
export async function runExamples(directory: string, source: string, env: Record<string, string>): Promise<Exchange[]> {
  writeFileSync(join(directory, 'examples.mjs'), (await transform(source, { loader: 'ts', format: 'esm' })).code);
  writeFileSync(join(directory, 'run.mjs'), RUNNER);
  const { code, stdout, stderr } = await runProcess([process.execPath, 'run.mjs'], [], { env, cwd: directory }).done;
  if (code !== 0) throw new Error(`the examples ended with ${code}: ${stderr}${stdout}`);
  return JSON.parse(readFileSync(join(directory, 'exchanges.json'), 'utf8')) as Exchange[];
}
