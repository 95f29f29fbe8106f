/** What a token may do; each role may do all that those before it may. */
export const roles = ["reader", "operator", "admin"] as const;

export type Role = (typeof roles)[number];
