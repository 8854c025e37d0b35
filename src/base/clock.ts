/** Units of time, so that no bare power of ten stands in an expression. */
export const NS_PER_MS = 1e6;
export const NS_PER_S = 1e9;
