import { expect, test } from 'vitest';
import { ConnectionLost } from '../../../../../daemon/worker/store/postgres/driver.js';
import { classifyFault, describeFault } from '../../../../../daemon/worker/store/postgres/faults.js';

const ofServer = (code: string, message = 'the server says so'): Error => Object.assign(new Error(message), { severity: 'ERROR', code });
const ofNetwork = (code: string): Error => new ConnectionLost(Object.assign(new Error('connect failed'), { code }));

test.each([
  ['53100', 'unavailable', 'its disk is full (the server says so)'],
  ['25006', 'unavailable', 'it can only be read, not written (the server says so)'],
  ['28P01', 'unavailable', 'it refuses the user or the password (the server says so)'],
  ['53300', 'unavailable', 'it has too many connections (the server says so)'],
  ['57P01', 'unavailable', 'it is shutting down (the server says so)'],
  ['57P03', 'unavailable', 'it is starting or stopping (the server says so)'],
  ['XX001', 'unavailable', 'its server reports damage (the server says so)'],
  ['55P03', 'busy', 'another process has kept it locked for some seconds (the server says so)'],
  ['40P01', 'busy', 'other writes kept getting in the way (the server says so)'],
  ['23505', 'other', 'the server says so'],
  ['42601', 'other', 'the server says so'],
])('SQLSTATE %s is %s: %s', (code, fault, words) => {
  const error = ofServer(code);
  expect([classifyFault(error), describeFault(error)]).toEqual([fault, words]);
});

test('a lost connection is unavailable, with what Node or the server says about it', () => {
  const lost = [ofNetwork('ECONNREFUSED'), ofNetwork('EPROTO'), new ConnectionLost(ofServer('57P01'))];
  expect(lost.map(classifyFault)).toEqual(['unavailable', 'unavailable', 'unavailable']);
  expect(lost.map(describeFault)).toEqual([
    'no server listens there (connect failed)',
    'the connection failed (connect failed)',
    'it is shutting down (the server says so)',
  ]);
});

test('a mistake of ours is neither', () => {
  expect(classifyFault(new TypeError('a undefined cannot be a SQL parameter'))).toBe('other');
});
