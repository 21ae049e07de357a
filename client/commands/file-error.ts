import { GatewayError } from '../../shared/errors.js';

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or directory',
  EISDIR: 'it is not a regular file',
  ENOTDIR: 'there is no such file or directory',
  EACCES: 'this user may not access it',
};

/** Returns the error for a file that a user has named; an error unrelated to the name, such as ENOSPC, is returned unchanged. */
export function fileError(path: string, error: unknown): unknown {
  const reason = REASONS[(error as NodeJS.ErrnoException).code ?? ''];
  if (reason === undefined) return error;
  return new GatewayError('USAGE', { message: `${path} cannot be used: ${reason}`, hint: 'Choose another file.', cause: error });
}
