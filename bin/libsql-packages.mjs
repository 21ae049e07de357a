/** The packages that may hold libsql's native part here; of the two C libraries of Linux only the right one loads. */
export function libsqlPackages({ platform, arch }) {
  const eabi = arch === 'arm' ? 'eabihf' : '';
  const abis = platform === 'linux' ? [`gnu${eabi}`, `musl${eabi}`] : platform === 'win32' ? ['msvc'] : [''];
  return abis.map((abi) => `@libsql/${[platform, arch, abi].filter(Boolean).join('-')}`);
}
