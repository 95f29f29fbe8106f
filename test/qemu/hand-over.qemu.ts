import { test } from "vitest";
import { handOver } from "./framework/hand-over.ts";

const deadlineMs = 900_000;

test(
  "a machine is installed, runs, is released, and is wiped, all by its provisioner",
  () => handOver({ firmware: "bios" }),
  deadlineMs,
);
