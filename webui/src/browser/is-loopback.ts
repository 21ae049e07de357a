/** Tells whether a host name or an address is that of the machine itself. */
export function isLoopback(host: string): boolean {
  return /^(localhost|.*\.localhost|127\.\d+\.\d+\.\d+|::1|\[::1\])$/.test(host);
}
