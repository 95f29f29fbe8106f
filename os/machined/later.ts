import type { Task } from "./phases.ts";

/** A task whose program is read when its turn comes: no life pays for what only another one does. */
export const later = <Context>(name: string, read: () => Promise<Task<Context>>): Task<Context> => ({
  name,
  run: async (context, signal) => (await read()).run(context, signal),
});
