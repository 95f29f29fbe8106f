import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { executable, type Syscall, saved } from "./syscall-program.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ingot-syscalls-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function run(program: readonly Syscall[]) {
  const file = join(folder, "program");
  writeFileSync(file, executable(program), { mode: 0o755 });
  return spawnSync(file, { encoding: "utf8" });
}

const say = (text: string): Syscall => ({ name: "speak", call: "write", args: [1, text, text.length] });
const exit = (code: number): Syscall => ({ name: "exit", call: "exit", args: [code] });

describe("a straight line of system calls, run by the real kernel", () => {
  test("runs in order", () => {
    expect(run([say("one "), say("two"), exit(0)])).toMatchObject({ stdout: "one two", status: 0 });
  });

  test("stops at the first call that fails and says which", () => {
    expect(
      run([
        say("before"),
        { name: "enter /nowhere", call: "chdir", args: ["/nowhere"] },
        say("after"),
        exit(0),
      ]),
    ).toMatchObject({ stdout: "before", stderr: "ingot: stage 1 cannot enter /nowhere\n", status: 1 });
  });

  test("keeps a result for a later call", () => {
    writeFileSync(join(folder, "text"), "");
    const file = join(folder, "text");
    const { status } = run([
      { name: "open", call: "open", args: [file, 1, 0], save: "file" },
      { name: "write", call: "write", args: [saved("file"), "kept", 4] },
      exit(0),
    ]);
    expect(status).toBe(0);
    expect(spawnSync("cat", [file], { encoding: "utf8" }).stdout).toBe("kept");
  });

  test("passes arguments and environment to the program it becomes", () => {
    const argv = ["/usr/bin/env", "-u", "B"];
    expect(
      run([{ name: "start env", call: "execve", args: [argv[0]!, argv, ["A=1", "B=2"]] }]),
    ).toMatchObject({
      stdout: "A=1\n",
      status: 0,
    });
  });

  test("is the same for the same program", () => {
    const program = [say("same"), exit(3)];
    expect(executable(program)).toEqual(executable(program));
  });
});
