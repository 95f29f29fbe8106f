import { expect, test } from "vitest";
import { TestBench } from "../../../cosi/engine/test-bench.ts";
import { SystemDisk, VolumeStatus } from "../../resources/block.ts";
import { MachineConfig } from "../../resources/config/machine-config.ts";
import { UserFileStatus } from "../../resources/runtime/user-file.ts";
import { userFiles } from "./user-files.ts";

test("files wait for what they are on, follow the config, and say what cannot be written", async () => {
  const written: string[] = [];
  const said: string[] = [];
  const bench = new TestBench();
  const files = {
    bring: ({ path, content }: { path: string; content: string }) => {
      written.push(`${path}: ${content}`);
      const errorMessage = path === "/etc/no" ? "Cannot write it" : "";
      return { operation: "create", mode: "644", sha256: "", errorMessage } as const;
    },
    release: (kept: ReadonlySet<string>) => void written.push(`kept ${[...kept].join(" ")}`),
  };
  const disk = { diskID: "sda", devPath: "/dev/sda", slot: "a" } as const;
  await bench.state.set(SystemDisk, "system-disk", { spec: disk });
  await using _ = bench.run([userFiles(files, (text) => void said.push(text))]);
  const configure = async (yaml: string) => {
    await bench.state.set(MachineConfig, "v1alpha1", { spec: { yaml, from: "a test" } });
    await bench.settle();
    return written.splice(0);
  };
  const first = "machine: {files: [{path: /var/a, content: one}, {path: /etc/no}]}";
  expect(await configure(first)).toEqual([]);

  const spec = { phase: "ready", location: "", mountLocation: "/var", filesystem: "xfs", size: 0 } as const;
  await bench.state.set(VolumeStatus, "EPHEMERAL", { spec: { ...spec, errorMessage: "" } });
  await bench.settle();
  expect(written.splice(0)).toEqual(["kept /var/a /etc/no", "/var/a: one", "/etc/no: "]);
  expect(said).toEqual(["Cannot write it"]);

  expect(await configure("machine: {files: [{path: /var/a, content: two}]}")).toEqual([
    "kept /var/a",
    "/var/a: two",
  ]);
  const { resources } = await bench.state.list(UserFileStatus);
  expect(resources.map(({ metadata }) => metadata.id)).toEqual(["/var/a"]);
});
