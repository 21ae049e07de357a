/** Creates a unique key, also where the page has no `crypto.randomUUID`: at an address without encryption. */
export const newKey = (): string => crypto.getRandomValues(new Uint32Array(4)).join('-');
