import { test } from "vitest";
import { handOver } from "./framework/hand-over.ts";

test("a machine with UEFI is installed, runs, is released, and is wiped", () => handOver("uefi"), 600_000);
