import { expect, test } from 'vitest';
import { errorBody, retryAfterSeconds, toGatewayError } from '../../shared/error-document.js';

const systemError = (code: string): Error => Object.assign(new Error(`${code}: open '/home/you/.xopc/secret'`), { code });

test.each(['ENOSPC', 'EDQUOT', 'EROFS'])('%s is UNAVAILABLE with what to do, and without the path', (code) => {
  const error = toGatewayError(systemError(code));
  expect([error.code, error.spec.status, retryAfterSeconds(error)]).toEqual(['UNAVAILABLE', 503, 1]);
  expect(errorBody(error, 'req_1').error.message).toMatch(/Nothing was changed\. .* and repeat the request\./);
  expect(JSON.stringify(errorBody(error, 'req_1'))).not.toContain('secret');
});

test.each([systemError('EACCES'), new Error('x'), 'text', null, undefined, { code: 7 }, { code: 'toString' }])(
  '%s is an internal error',
  (thrown) => {
    expect(toGatewayError(thrown).code).toBe('INTERNAL_ERROR');
  },
);
