import { type MachineHandlers, one } from "./handler.ts";

export const hostname = (deps: { readonly hostname: () => string }): MachineHandlers<"hostname"> => ({
  hostname: () => Promise.resolve(one({ hostname: deps.hostname() })),
});
