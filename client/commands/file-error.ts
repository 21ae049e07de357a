import { GatewayError } from '../../shared/errors.js';

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or directory',
  EISDIR: 'it is not a regular file',
  EACCES: 'this user may not access it',
};

/** Returns the error for a file that a user has named. */
export function fileError(path: string, error: unknown): GatewayError {
  const { code = 'unknown' } = error as NodeJS.ErrnoException;
  return new GatewayError('USAGE', {
    message: `${path} cannot be used: ${REASONS[code] ?? code}`,
    hint: 'Choose another file.',
    cause: error,
  });
}
