/** The gateway watches its files: a saved change is in force within this time. */
export const IN_FORCE_MS = 1_500;
