/** Reads the text files that an editor links in a prompt instead of embedding them. */
import { isUtf8 } from 'node:buffer';
import { readFile, realpath, stat } from 'node:fs/promises';
import { isAbsolute, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ContentBlock } from '@agentclientprotocol/sdk';

/** Of all linked files of a prompt. A prompt also has to fit into a frame, and into the model's context. */
const MAX_BYTES = 262_144;

/** Returns the path of a file below a directory, after links; undefined for any other place. @throws for one that does not exist */
async function pathBelow(directory: string, uri: string): Promise<string | undefined> {
  const path = await realpath(fileURLToPath(uri));
  const way = relative(await realpath(directory), path);
  return isAbsolute(way) || way.split(sep)[0] === '..' ? undefined : path;
}

/** @returns undefined if it is not a text file below the directory, or has more than `maxBytes` */
async function readLinked(directory: string, uri: string, maxBytes: number): Promise<string | undefined> {
  try {
    const path = await pathBelow(directory, uri);
    const found = path === undefined ? undefined : await stat(path);
    if (path === undefined || found?.isFile() !== true || found.size > maxBytes) return undefined;
    const bytes = await readFile(path);
    return isUtf8(bytes) && !bytes.includes(0) ? bytes.toString() : undefined;
  } catch {
    return undefined; // Not on this machine, or not readable.
  }
}

/**
 * Replaces links to text files by these files, while they are not too large together. Other links stay: the agent gets name and address.
 * @param directory  of the session; no other files are read
 */
export async function embedLinked(prompt: readonly ContentBlock[], directory: string): Promise<ContentBlock[]> {
  const blocks: ContentBlock[] = [];
  let restBytes = MAX_BYTES;
  for (const block of prompt) {
    const text = block.type === 'resource_link' ? await readLinked(directory, block.uri, restBytes) : undefined;
    if (block.type !== 'resource_link' || text === undefined) blocks.push(block);
    else {
      restBytes -= Buffer.byteLength(text);
      blocks.push({ type: 'resource', resource: { uri: block.uri, text } });
    }
  }
  return blocks;
}
