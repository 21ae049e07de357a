import { renameSync, writeFileSync } from 'node:fs';

/** Replaces a file as a whole, as editors do: a gateway or a page that reads it meanwhile never sees a part of it. */
export function replaceFile(path: string, text: string): void {
  writeFileSync(`${path}.next`, text);
  renameSync(`${path}.next`, path);
}
