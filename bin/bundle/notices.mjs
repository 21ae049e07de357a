/** Writes `dist/THIRD-PARTY-NOTICES.txt`: the licences of all third-party code in a build. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

const PACKAGE = /^.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+(?=[\\/])/;
const LICENCE_FILE = /^(licen[cs]e|copying|notice)([.-].*)?$/i;
/** Licences that only require keeping their text (OFL-1.1 requires more, but of fonts, not of programs that contain them). */
const PERMISSIVE = [
  'MIT',
  'OFL-1.1',
  'ISC',
  '0BSD',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'Apache-2.0',
  'Unlicense',
  'Zlib',
  'CC0-1.0',
  'BlueOak-1.0.0',
];

/** Whether an SPDX expression can be satisfied with permissive licences only. */
export function isPermissive(licence) {
  const choices = String(licence).replace(/[()]/g, '').split(' OR ');
  return choices.some((choice) => choice.split(' AND ').every((name) => PERMISSIVE.includes(name)));
}

/** @returns the LICENSE files next to these files, once each: those of third-party code copied into our sources */
function keptLicences(root, paths) {
  const files = paths
    .map((path) => resolve(root, path))
    .filter((path) => !PACKAGE.test(path))
    .map((path) => join(dirname(path), 'LICENSE'));
  return [...new Set(files)]
    .filter((file) => existsSync(file))
    .map((file) => ({ title: basename(dirname(file)), text: readFileSync(file, 'utf8').trim() }));
}

/** @returns the directories of the packages that contain these files, once each, sorted by name */
function packagesOf(root, paths) {
  const directories = paths.flatMap((path) => PACKAGE.exec(resolve(root, path))?.[0] ?? []);
  return [...new Set(directories)].filter((directory) => existsSync(join(directory, 'package.json'))).toSorted((a, b) => (a < b ? -1 : 1));
}

function readPackage(directory) {
  const { name, version, license, author } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
  if (!isPermissive(license))
    throw new Error(`${name} has the licence '${license}', which bin/bundle/notices.mjs does not know as permissive`);
  const files = readdirSync(directory).filter((file) => LICENCE_FILE.test(file));
  const texts = files.toSorted().map((file) => readFileSync(join(directory, file), 'utf8').replaceAll('\r\n', '\n').trim());
  const holder = typeof author === 'string' ? author : author?.name;
  // Some packages publish only the name of their licence.
  if (texts.length === 0 && holder !== undefined) texts.push(`Copyright (c) ${holder}`);
  return { title: `${name} ${version} (${license})`, text: texts.join('\n\n') };
}

/**
 * @param paths  files that went into the build, relative to `root`
 * @returns the packages with version and licence, and each required licence text once
 * @throws when a package has a licence that is not permissive
 */
export function noticesOf(root, paths) {
  const byText = new Map();
  const parts = [...packagesOf(root, paths).map(readPackage), ...keptLicences(root, paths)];
  for (const { title, text } of parts) byText.set(text, [...(byText.get(text) ?? []), title]);
  const head = 'xopc contains parts of the packages below, each under its own licence.';
  const notices = [...byText].map(([text, titles]) => `${titles.join('\n')}\n\n${text}`);
  return `${[head, ...notices].join(`\n\n${'-'.repeat(80)}\n\n`)}\n`;
}
