import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { blockingSyscall, SyscallError, syscall } from "./ffi.ts";

const getpid = process.arch === "x64" ? 39 : 172;
const open = 2;

describe("system calls", () => {
  test("return what the kernel returned", () => {
    expect(syscall("ask for the pid", getpid)).toBe(process.pid);
  });

  test.skipIf(process.arch !== "x64")("name the error when the kernel refuses", () => {
    expect(() => syscall("open it", open, "/no/such/file", 0)).toThrow(new SyscallError("open it", 2));
  });

  test.skipIf(process.arch !== "x64")("name the error also from another thread", async () => {
    await expect(blockingSyscall("open it", open, "/no/such/file", 0)).rejects.toMatchObject({
      code: "ENOENT",
    });
  });
});

// The rest needs namespaces of its own: a helper program runs as root inside them and prints what it saw.
const unshare = (flags: readonly string[], script: string) =>
  spawnSync("unshare", [...flags, process.execPath, "--input-type=module", "--eval", script], {
    encoding: "utf8",
    cwd: import.meta.dirname,
  });

describe("in namespaces of their own", () => {
  test("a filesystem is mounted with its flags", () => {
    const folder = mkdtempSync(join(tmpdir(), "ingot-mount-"));
    try {
      const { stdout, stderr } = unshare(
        ["--user", "--map-root-user", "--mount"],
        `import { mount } from "./mount.ts";
         import { readFileSync } from "node:fs";
         const line = () => readFileSync("/proc/self/mounts", "utf8").split("\\n").find((it) => it.includes(${JSON.stringify(folder)}));
         mount({ source: "tmpfs", target: ${JSON.stringify(folder)}, type: "tmpfs", flags: ["nosuid", "nodev", "noexec"], options: "size=1m" });
         console.log(line());
`,
      );
      expect(stderr).toBe("");
      expect(stdout).toMatch(/^tmpfs \S+ tmpfs rw,nosuid,nodev,noexec,.*size=1024k.*\n$/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("the hostname is set", () => {
    const { stdout } = unshare(
      ["--user", "--map-root-user", "--uts"],
      `import { setHostname } from "./hostname.ts"; import { hostname } from "node:os";
       setHostname("rack-7"); console.log(hostname());`,
    );
    expect(stdout).toBe("rack-7\n");
    expect(hostname()).not.toBe("rack-7");
  });

  test("PID 1 reaps every orphan and loses no exit of its own children", () => {
    const { stdout, stderr } = unshare(
      ["--user", "--map-root-user", "--pid", "--fork", "--mount-proc"],
      `import { spawn } from "node:child_process";
       import { readdirSync, readFileSync } from "node:fs";
       import { adoptOrphans } from "../machined/adopt-orphans.ts";
       const orphans = adoptOrphans(process);
       let exits = 0;
       const children = Array.from({ length: 60 }, () =>
         orphans.track(spawn("sh", ["-c", "sh -c 'exit 0' & sh -c 'exit 0' & exit 7"], { stdio: "ignore" })));
       await Promise.all(children.map((child) => new Promise((done) => child.on("exit", (code) => { if (code === 7) exits++; done(); }))));
       const zombies = () => readdirSync("/proc").filter((it) => /^[0-9]+$/.test(it) && it !== "1")
         .filter((pid) => { try { return /State:\\tZ/.test(readFileSync("/proc/" + pid + "/status", "utf8")); } catch { return false; } });
       while (readdirSync("/proc").filter((it) => /^[0-9]+$/.test(it)).length > 1 + zombies().length || zombies().length > 0) {
         await new Promise((done) => setImmediate(done));
       }
       console.log(process.pid, exits, zombies().length);
       process.exit();`,
    );
    expect(stderr).toBe("");
    expect(stdout).toBe("1 60 0\n");
  });
});
