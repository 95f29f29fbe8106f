import { execFileSync } from "node:child_process";

/** Whether there is a Go tool chain: tests that ask upstream's own packages are skipped without one. */
export const hasGo = (() => {
  try {
    execFileSync("go", ["version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
})();
