/** A question whose turn has died with its worker this often is set aside. */
export const MAX_ATTEMPTS = 3;
