import type { LogPort } from '../../shared/log/log-port.js';

/** A logger that keeps nothing. */
export const silentLogger: LogPort = { debug() {}, info() {}, warn() {}, error() {} };
