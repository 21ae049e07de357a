/** What the HTTP routes of the configuration may ask of the worker. */

import type { Problem } from '../../../shared/errors.js';

/** An object of plain JSON. */
export type Fields = Readonly<Record<string, unknown>>;

export type ConfigSource = 'file' | 'env' | 'flag' | 'default';

/** A file as it is written, every secret masked (`shared/config/secret-mask.ts`). */
export interface ConfigRevision {
  /** SHA-256 of the text. */
  readonly revision: string;
  readonly config: Fields;
}

/** A file as a text, every secret as its mask. */
export interface ConfigText {
  readonly revision: string;
  readonly path: string;
  readonly text: string;
  /** What keeps the text from being read. */
  readonly problems: readonly Problem[];
}

/** An earlier text of `config.json`. */
export interface ConfigVersionDocument {
  readonly id: string;
  readonly at: string;
  /** Whether the file has this text now. */
  readonly current: boolean;
}

export interface TextOutcome {
  readonly revision: string;
  readonly written: boolean;
  /** None when it was written. */
  readonly problems: readonly Problem[];
}

export interface ConfigView extends ConfigRevision {
  /** Whether the gateway runs with this revision. */
  readonly inForce: boolean;
  readonly path: string;
  /** In force, defaults filled in. */
  readonly effective: Fields;
  /** Dotted key → where its value in force comes from. */
  readonly sources: Readonly<Record<string, ConfigSource>>;
  /** Dotted key → the variable or option that sets it, whatever the file says. */
  readonly pinned: Readonly<Record<string, string>>;
}

/**
 * The files that users edit. A patch is a JSON merge patch (RFC 7396); comments stay, a masked secret is kept, and the
 * file watch puts the result in force.
 * @throws CONFIG_INVALID when the file on disk cannot be used; INVALID_REQUEST when the patch would make it so;
 *   PRECONDITION_FAILED when its revision is another; CONFLICT when another writer does not finish
 */
export interface ConfigService {
  read(): Promise<ConfigView>;
  patch(changes: Fields, options: { expectedRevision?: string }): Promise<ConfigRevision>;
  readText(): Promise<ConfigText>;
  /** Replaces the whole text, or only judges it. What is wrong with it is in the outcome. */
  writeText(text: string, options: { dryRun: boolean; expectedRevision?: string }): Promise<TextOutcome>;
  /** Newest first. */
  versions(): Promise<readonly ConfigVersionDocument[]>;
  /** @throws NOT_FOUND */
  readVersion(id: string): Promise<ConfigVersionDocument & { readonly text: string }>;
  /** Puts a version in the file's place. @throws NOT_FOUND */
  restoreVersion(id: string, options: { expectedRevision?: string }): Promise<TextOutcome>;
  /** JSON Schema of `config.json`. */
  schema(): Fields;
  readModels(): Promise<ConfigRevision>;
  patchModels(changes: Fields, options: { expectedRevision?: string }): Promise<ConfigRevision>;
  /** Takes the last change back that xopc made to `models.json`. @throws NOT_FOUND when there is none */
  undoModels(options: { expectedRevision?: string }): Promise<ConfigRevision>;
}
