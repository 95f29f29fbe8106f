import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["**/*.test.ts"],
    exclude: ["node_modules/**", "out/**"],
    setupFiles: ["workshop/property-limits.ts"],
    // The pool is processes: stores, sockets and child processes of one file cannot leak into another.
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    coverage: { provider: "v8", include: ["**/*.ts"], exclude: ["**/gen/**", "**/*.test.ts", "workshop/**"] },
  },
});
