/** Skips the tests of the project `postgres` where there is no server. */
import { beforeEach, inject } from 'vitest';

beforeEach(({ skip }) => {
  const server = inject('postgres');
  if ('reason' in server) skip(server.reason);
});
