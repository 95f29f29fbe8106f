import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { confinement } from "./process.ts";

const description = {
  ...{ id: "it", environment: { PATH: "/usr/bin:/bin", GREETING: "hello" }, uid: 65_534 },
  ...{ capabilities: ["net_bind_service"], limits: {} },
};

test("a program is confined before it is begun", () => {
  expect(confinement({ ...description, command: ["/usr/bin/it", "-v"] }).join(" ")).toBe(
    "--no-new-privs --bounding-set -all,+net_bind_service --inh-caps -all,+net_bind_service --ambient-caps -all,+net_bind_service --reuid 65534 --regid 65534 --clear-groups -- /usr/bin/it -v",
  );
});

/** Runs a service that is a shell's script, in namespaces of its own; `script` drives it, and says JSON. */
function withService(shell: string, script: string): unknown {
  const prelude = `
    import { execFileSync, spawn } from "node:child_process";
    import { mkdtempDisposableSync, readdirSync, readFileSync } from "node:fs";
    import { tmpdir } from "node:os";
    import { join } from "node:path";
    import { systemClock } from "../../../cosi/system-clock.ts";
    import { LogBook } from "../logs/log-book.ts";
    import { runProcess } from "./process.ts";
    import { Supervisor } from "./supervisor.ts";
    using folder = mkdtempDisposableSync(join(tmpdir(), "ingot-cgroups-"));
    execFileSync("mount", ["-t", "cgroup2", "none", folder.path]);
    const logs = new LogBook(() => systemClock.now());
    let heard = () => {};
    const services = new Supervisor({ clock: systemClock, logs, changed: () => heard() });
    const until = async (fits) => {
      for (;;) {
        const [standing] = services.standings;
        if (standing && fits(standing)) return standing;
        await new Promise((resolve) => { heard = resolve; });
      }
    };
    const description = { ...${JSON.stringify(description)}, command: ["/bin/sh", "-c", ${JSON.stringify(shell)}] };
    const run = runProcess(description, { spawn, cgroups: join(folder.path, "services"), clock: systemClock });
    services.run({ id: "it", restart: "never", run });
    const saysSomething = () => logs.open("it").read({ follow: true, signal: AbortSignal.timeout(20_000) }).next();
    const end = (value) => {
      const left = readdirSync(join(folder.path, "services")).filter((it) => it === "it");
      execFileSync("umount", ["-l", folder.path]);
      console.log(JSON.stringify({ ...value, left }));
    };`;
  const flags = ["--mount", "--cgroup", "--pid", "--fork", "--kill-child", "--mount-proc"];
  const { stdout, stderr } = spawnSync(
    "unshare",
    [...flags, process.execPath, "--input-type=module", "--eval", prelude + script],
    { encoding: "utf8", cwd: import.meta.dirname, timeout: 25_000, killSignal: "SIGKILL" },
  );
  if (stderr !== "") throw new Error(stderr);
  return JSON.parse(stdout);
}

// Only root may change who a process is.
describe.skipIf(process.getuid?.() !== 0)("a program that is a service", () => {
  test("may do only what was said, is in its group, and says what it says in its log", () => {
    expect(
      withService(
        "grep -E '^(Uid|Gid|Groups|CapBnd|CapEff|CapAmb|NoNewPrivs)' /proc/self/status; grep ^0: /proc/self/cgroup; echo $GREETING >&2",
        `const { state } = await until(({ state }) => state === "Finished" || state === "Failed");
         const text = Buffer.concat(await Array.fromAsync(logs.open("it").read({ follow: false, signal: new AbortController().signal }))).toString();
         end({ state, said: text.split("\\n").map((it) => it.replace(/\\s+/g, " ").trim()).sort() });`,
      ),
    ).toEqual({
      state: "Finished",
      left: [],
      said: [
        "",
        "0::/services/it",
        ...["CapAmb: 0000000000000400", "CapBnd: 0000000000000400", "CapEff: 0000000000000400"],
        ...["Gid: 65534 65534 65534 65534", "Groups:", "NoNewPrivs: 1", "Uid: 65534 65534 65534 65534"],
        "hello",
      ],
    });
  });

  test("is stopped with all that it has begun", () => {
    expect(
      withService(
        "(trap '' TERM; sleep 1000) & setsid sleep 1000 & echo ready; wait",
        `await saysSomething();
         const groups = readFileSync(join(folder.path, "services/it/cgroup.procs"), "latin1").trim().split("\\n").length;
         await services.stopAll();
         end({ groups: groups >= 3, state: services.standings[0].state });`,
      ),
    ).toEqual({ groups: true, state: "Finished", left: [] });
  });

  test("that fails says how", () => {
    expect(
      withService(
        "exit 3",
        `const { changes } = await until(({ state }) => state === "Failed");
         end({ message: changes.at(-1).message });`,
      ),
    ).toEqual({ message: "the process has ended with 3", left: [] });
  });
});
