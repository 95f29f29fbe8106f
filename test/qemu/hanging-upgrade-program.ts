// PID 1 of an image that nobody should have released: ours, whole, until the disk's /var is mounted. By then it has started
// the watchdog, and hangs.
import { readFileSync } from "node:fs";
import "../../os/machined/main.ts";

const lookEveryMs = 50;

setInterval(() => {
  if (readFileSync("/proc/mounts", "latin1").includes(" /var xfs ")) for (;;);
}, lookEveryMs);
