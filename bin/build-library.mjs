/** Writes the client `xopc/client` to `dist/library` for the package. `npm pack` runs this after the build. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildClient } from './bundle/library.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const directory = join(root, 'dist', 'library');
const files = await buildClient(root);
rmSync(directory, { recursive: true, force: true });
mkdirSync(directory, { recursive: true });
for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
