import { expect, test } from 'vitest';
import { type FileSystemFacts, findNetworkFileSystem } from '../../../../../daemon/worker/store/sqlite/network-file-system.js';

const MOUNTS = `22 28 0:20 / /proc rw,nosuid - proc proc rw
28 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw
63 28 0:39 / /mnt/one\\040two rw,nosuid - fuse.sshfs host:/home rw,user_id=0
64 28 0:40 / /data rw shared:2 master:3 - virtiofs data rw
65 28 0:41 / /win rw - fuseblk /dev/vdb1 rw
66 28 0:42 / /crypt rw - fuse.gocryptfs /crypt.d rw
67 28 0:43 / /other rw - fuse rclone: rw
68 28 0:1312 / /many rw - fakeowner /run/host rw
`;
const FUSE = 0x65735546n;

const find = (facts: Partial<Record<'type', bigint> & Record<'device', number> & Pick<FileSystemFacts, 'platform'>>): string | undefined =>
  findNetworkFileSystem('/home', {
    platform: facts.platform ?? 'linux',
    type: () => facts.type ?? FUSE,
    device: () => facts.device ?? 0,
    mounts: () => MOUNTS,
  });

test.each([
  { type: 0x6969n, is: 'NFS' },
  { type: 0x517bn, is: 'SMB' },
  { type: 0xff534d42n, is: 'SMB' },
  // The same of a 32-bit system.
  { type: 0xffffffff_ff534d42n, is: 'SMB' },
  { type: 0xfe534d42n, is: 'SMB' },
  { type: 0x01021997n, is: '9p' },
  { what: 'tmpfs', type: 0x01021994n, is: undefined },
  { what: 'overlayfs', type: 0x794c7630n, is: undefined },
  { what: 'ext4', type: 0xef53n, is: undefined },
  { type: 0x6969n, platform: 'darwin' as const, is: undefined },
])('type $type is $is', ({ is, ...facts }) => {
  expect(find(facts)).toBe(is);
});

test.each([
  { device: 39, is: 'FUSE (fuse.sshfs)' },
  { what: 'virtiofs', device: 40, is: undefined },
  { what: 'ntfs-3g', device: 41, is: undefined },
  { what: 'gocryptfs', device: 42, is: undefined },
  { device: 43, is: 'FUSE (fuse)' },
  // Minor numbers above 255 have the upper bits elsewhere.
  { what: "Docker Desktop's", device: (1312 & 0xff) | ((1312 & 0xfff00) << 12), is: undefined },
  { what: 'unknown', device: 99, is: 'FUSE (fuse)' },
])('what has the number of FUSE as device $device is $is', ({ device, is }) => {
  expect(find({ device })).toBe(is);
});
