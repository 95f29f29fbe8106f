import { storeConformance } from "../store.conformance.ts";
import { MemoryStore } from "./memory.ts";

storeConformance({
  name: "memory",
  persistent: false,
  place: async () => {
    const store = new MemoryStore();
    return {
      open: async () => store,
      forget: async () => store.forget(),
      [Symbol.asyncDispose]: async () => {},
    };
  },
});
