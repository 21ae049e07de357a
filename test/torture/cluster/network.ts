/** Hosts at a switch: network namespaces of the test's own, of which one can be cut off without either side being told. */
import { execFileSync } from 'node:child_process';
import { enter, type Host, openNamespace } from '../../helpers/two-hosts.js';

export interface PluggedHost extends Host {
  /** Takes its cable out of the switch: packets are lost, nothing is refused. */
  readonly unplug: () => void;
  readonly plug: () => void;
}

const HUB = '192.0.2.1';

/** @returns `hub`, which has the switch, and the others */
export async function connectHosts(count: number): Promise<{ hub: Host; hosts: readonly PluggedHost[] }> {
  const spaces = await Promise.all(Array.from({ length: count + 1 }, openNamespace));
  const [hubSpace, ...others] = spaces;
  if (hubSpace === undefined) throw new Error('no namespace');
  const ip = (space: typeof hubSpace, ...args: string[]): void => {
    const [command, ...prefix] = enter(space);
    execFileSync(command, [...prefix, 'ip', ...args]);
  };
  ip(hubSpace, 'link', 'add', 'switch', 'type', 'bridge');
  ip(hubSpace, 'addr', 'add', `${HUB}/24`, 'dev', 'switch');
  ip(hubSpace, 'link', 'set', 'switch', 'up');
  const hosts = others.map((space, index) => {
    const port = `port${index}`;
    const address = `192.0.2.${11 + index}`;
    const ns = ({ pid }: typeof space): string => `/proc/${pid}/ns/net`;
    execFileSync('ip', ['link', 'add', port, 'netns', ns(hubSpace), 'type', 'veth', 'peer', 'name', 'cable', 'netns', ns(space)]);
    const plug = (): void => ip(hubSpace, 'link', 'set', port, 'master', 'switch');
    plug();
    ip(hubSpace, 'link', 'set', port, 'up');
    ip(space, 'addr', 'add', `${address}/24`, 'dev', 'cable');
    ip(space, 'link', 'set', 'cable', 'up');
    return { address, prefix: enter(space), plug, unplug: () => ip(hubSpace, 'link', 'set', port, 'nomaster') };
  });
  return { hub: { address: HUB, prefix: enter(hubSpace) }, hosts };
}
