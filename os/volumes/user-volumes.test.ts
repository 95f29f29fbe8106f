import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";

const run = (program: string, ...args: string[]) => execFileSync(program, args, { encoding: "utf8" }).trim();
const canLoop = process.getuid?.() === 0 && spawnSync("losetup", ["-f"]).status === 0;

/** Lives of a machine with one disk, which is a file: what each says of its volume. */
function lives(scripts: readonly string[]): unknown[] {
  const folder = mkdtempSync(join(tmpdir(), "ingot-volumes-"));
  writeFileSync(join(folder, "disk"), "");
  truncateSync(join(folder, "disk"), 900 * 2 ** 20);
  const device = run("losetup", "--find", "--show", "--partscan", join(folder, "disk"));
  mkdirSync(join(folder, "mnt"));
  const prelude = `
    import { execFileSync } from "node:child_process";
    import { existsSync, readFileSync, writeFileSync } from "node:fs";
    import { statfs } from "node:fs/promises";
    import { parseMachineConfig } from "../../machine-config/machine-config.ts";
    import { volumeSettings } from "../../machine-config/settings/volumes.ts";
    import { runTool } from "../kernel/run-tool.ts";
    import { UserVolumes } from "./user-volumes.ts";
    import { viewDisk } from "./view-disks.ts";
    const device = ${JSON.stringify(device)};
    const root = ${JSON.stringify(join(folder, "mnt"))};
    const said = [];
    const disk = { devPath: device, sizeBytes: 900 * 2 ** 20, sectorBytes: 512, physicalSectorBytes: 512, model: "", serial: "", wwid: "",
      transport: "unknown", busPath: "", firmwareVersion: "", rotational: false, readOnly: false, removable: false, cdrom: false, holders: [] };
    const volumes = new UserVolumes({ root, run: runTool((it) => it), said: (text) => said.push(text), view: async () => [await viewDisk(disk, false)] });
    const wanted = (fields) => volumeSettings(parseMachineConfig("apiVersion: v1alpha1\\nkind: UserVolumeConfig\\nname: data\\n" + fields + "\\n"))[0];
    const megabytes = async () => { const { bsize, blocks } = await statfs(root + "/data"); return Math.round(bsize * blocks / 2 ** 20); };
    const say = (value) => { volumes.release(new Set()); console.log(JSON.stringify(value)); };`;
  try {
    return scripts.map((script) => {
      const { stdout, stderr } = spawnSync(
        "unshare",
        ["--mount", process.execPath, "--input-type=module", "--eval", prelude + script],
        { encoding: "utf8", cwd: import.meta.dirname, timeout: 60_000, killSignal: "SIGKILL" },
      );
      if (stderr !== "") throw new Error(stderr);
      return JSON.parse(stdout) as unknown;
    });
  } finally {
    run("losetup", "--detach", device);
    rmSync(folder, { recursive: true });
  }
}

// Only root may make devices of files.
test.skipIf(!canLoop || !existsSync("/usr/sbin/mkfs.xfs"))(
  "a volume is made, found again with what is on it, grown, and never made over another's data",
  () => {
    const sizes = "minSize: 320MiB, maxSize: 320MiB";
    const [made, found, grown, other] = lives([
      `const status = await volumes.bring(wanted("provisioning: {diskSelector: {match: 'true'}, ${sizes}}"));
       const again = await volumes.bring(wanted("provisioning: {diskSelector: {match: 'true'}, ${sizes}}"));
       writeFileSync(root + "/data/file", "kept");
       const options = readFileSync("/proc/self/mounts", "utf8").split("\\n").find((it) => it.includes(root)).split(" ")[3];
       say({ phase: status.phase, why: status.errorMessage, size: status.size / 2 ** 20, same: JSON.stringify(again) === JSON.stringify(status), options: /nosuid,nodev,noexec/.test(options), made: said.length });`,
      `const { phase } = await volumes.bring(wanted("provisioning: {diskSelector: {match: 'true'}, ${sizes}}"));
       say({ phase, file: readFileSync(root + "/data/file", "utf8"), said: said.length });`,
      `const grow = wanted("provisioning: {diskSelector: {match: 'true'}, minSize: 320MiB, grow: true}");
       await volumes.bring(grow);
       const { size } = await volumes.bring(grow);
       say({ size: size / 2 ** 20, filesystem: (await megabytes()) > 750, file: readFileSync(root + "/data/file", "utf8") });`,
      `const whole = wanted("volumeType: disk\\nprovisioning: {diskSelector: {match: 'true'}}");
       const { phase, errorMessage } = await volumes.bring({ ...whole, name: "other" });
       say({ phase, why: errorMessage.replace(device, "DISK") });`,
    ]);
    expect(made).toEqual({ phase: "ready", why: "", size: 320, same: true, options: true, made: 3 });
    expect(found).toEqual({ phase: "ready", file: "kept", said: 1 });
    expect(grown).toEqual({ size: 898, filesystem: true, file: "kept" });
    expect(other).toEqual({ phase: "failed", why: "DISK: it holds partitions" });
  },
);
