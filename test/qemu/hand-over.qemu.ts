import { test } from "vitest";
import { handOver } from "./framework/hand-over.ts";

test(
  "a machine is installed, runs, is released, and is wiped, all by its provisioner",
  () => handOver("bios"),
  600_000,
);
