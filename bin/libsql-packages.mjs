/** The packages that may contain libsql's native part for this platform; on Linux, only the one for the right C library loads. */
export function libsqlPackages({ platform, arch }) {
  const eabi = arch === 'arm' ? 'eabihf' : '';
  const abis = platform === 'linux' ? [`gnu${eabi}`, `musl${eabi}`] : platform === 'win32' ? ['msvc'] : [''];
  return abis.map((abi) => `@libsql/${[platform, arch, abi].filter(Boolean).join('-')}`);
}
