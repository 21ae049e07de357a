/** Files that belong to messages. Part of the bundle that works with them: plain data goes in and out, no classes. */

/** What somebody wants to attach. */
export interface GivenFile {
  readonly name: string;
  readonly mediaType: string;
  /** Base64. */
  readonly data: string;
}

/** What is kept of it. */
export interface SoundFile {
  readonly name: string;
  readonly mediaType: string;
  readonly content: Buffer;
}

/** What people and models are told of it. */
export interface FileNote {
  readonly id: string;
  readonly name: string;
  readonly mediaType: string;
  /** Bytes. */
  readonly size: number;
}

export interface Problem {
  readonly message: string;
  readonly hint: string;
}
