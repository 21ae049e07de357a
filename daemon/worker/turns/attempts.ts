/** A question whose turn has ended with its worker so often is set aside. */
export const MAX_ATTEMPTS = 3;
