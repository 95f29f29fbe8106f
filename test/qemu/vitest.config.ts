import { defineConfig } from "vitest/config";

/** The suites that boot machines. They run inside namespaces (workshop/test.ts), one machine suite at a time. */
export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ["**/*.qemu.ts"],
    // Every firmware at every site takes long: `npm run test:qemu -- --all`.
    exclude: process.argv.includes("--all") ? [] : ["**/*.matrix.qemu.ts"],
    pool: "forks",
    fileParallelism: false,
    // Longer than any wait of the framework: what is told is what was waited for.
    testTimeout: 480_000,
    hookTimeout: 300_000,
  },
});
