/** Validation of XML by libxml2's own tool. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { installDebianPackages } from './debian-packages.js';
import { root } from './real-gateway.js';

const schemas = join(root, 'test', 'fixtures', 'schemas');

/** @returns why the tool cannot be had here, or undefined */
export function whyNoXmllint(): string | undefined {
  if (spawnSync('xmllint', ['--version']).status === 0) return undefined;
  return installDebianPackages(['libxml2-utils']);
}

/** @param schema  a file in test/fixtures/schemas @returns what is wrong; '' for nothing */
export function validateXml(text: string | Buffer, schema: string): string {
  const option = schema.endsWith('.dtd') ? '--dtdvalid' : '--schema';
  const { status, stderr } = spawnSync('xmllint', ['--noout', '--nonet', option, join(schemas, schema), '-'], {
    input: text,
    encoding: 'utf8',
  });
  return status === 0 ? '' : stderr;
}
