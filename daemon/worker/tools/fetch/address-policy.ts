/**
 * Decides which addresses a model may fetch: those of the public internet, and those that the owner allows. Everything else is this
 * machine or its network, which trusts it.
 */
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import {
  type AddressList,
  canonicalAddress,
  type IpAddress,
  isPublicAddress,
  parseAddress,
  parseAddressList,
  withoutTranslation,
} from '../../../../shared/node/ip-address.js';

function ownAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((addresses) => (addresses ?? []).map(({ address }) => address));
}

function targetOf(address: string): IpAddress | undefined {
  const parsed = parseAddress(address);
  return parsed && withoutTranslation(parsed);
}

const isName = (entry: string): boolean => isIP(entry.split('/', 1)[0] ?? '') === 0;

export class AddressPolicy {
  readonly #names: ReadonlySet<string>;
  readonly #addresses: AddressList;
  readonly #own: () => readonly string[];

  /** @param allowed  names, addresses and CIDR ranges. @param own  this machine's addresses, which may be public ones */
  constructor(allowed: readonly string[], own: () => readonly string[] = ownAddresses) {
    this.#names = new Set(allowed.filter(isName).map((name) => name.toLowerCase()));
    this.#addresses = parseAddressList(allowed.filter((entry) => !isName(entry)));
    this.#own = own;
  }

  /** Whether that name is allowed regardless of its addresses. */
  isNameAllowed(host: string): boolean {
    return this.#names.has(host.toLowerCase());
  }

  isAllowed(address: string): boolean {
    const target = targetOf(address);
    return target !== undefined && (this.#addresses.has(target) || this.#isPublic(target));
  }

  /** Whether that is this machine, or may be a host of its network. */
  isInside(address: string): boolean {
    const target = targetOf(address);
    return target === undefined || !this.#isPublic(target);
  }

  #isPublic(target: IpAddress): boolean {
    return isPublicAddress(target) && !this.#own().some((own) => canonicalAddress(own) === target.toString());
  }
}
