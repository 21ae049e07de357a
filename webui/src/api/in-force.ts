/** A saved change is in force within this time, because the gateway watches its files. */
export const IN_FORCE_MS = 1_500;
