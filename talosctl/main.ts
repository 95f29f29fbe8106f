import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import project from "../package.json" with { type: "json" };
import type { Io, Terminal } from "./io.ts";
import { run } from "./program.ts";

const enough = new AbortController();
process.once("SIGINT", () => enough.abort());
process.once("SIGTERM", () => enough.abort());
// Whoever reads what we print may stop reading; anything else that goes wrong there is a failure.
process.stdout.on("error", ({ code }: NodeJS.ErrnoException) => process.exit(code === "EPIPE" ? 0 : 1));

const terminal: Terminal = {
  size: () => ({ columns: process.stdout.columns, rows: process.stdout.rows }),
  keys(pressed) {
    const hear = (bytes: Buffer) => pressed(bytes.toString());
    process.stdin.setRawMode(true).on("data", hear);
    return {
      [Symbol.dispose]() {
        process.stdin.off("data", hear).setRawMode(false).pause();
      },
    };
  },
};

const io: Io = {
  out: (text) => void process.stdout.write(text),
  error: (text) => void process.stderr.write(text),
  outBytes: (bytes) =>
    new Promise((resolve, reject) => {
      process.stdout.write(bytes, (error) => (error ? reject(error) : resolve()));
    }),
  environment: process.env,
  now: () => new Date(),
  signal: enough.signal,
  edit: (text) => Promise.resolve(edited(text)),
  ...(process.stdout.isTTY && process.stdin.isTTY && { terminal }),
};

/** What the user's editor makes of it, in a file that nobody else may read. */
function edited(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), "talosctl-"));
  try {
    const file = join(folder, "config.yaml");
    writeFileSync(file, text, { mode: 0o600 });
    const editor = process.env["TALOS_EDITOR"] ?? process.env["EDITOR"] ?? "vi";
    const { status, error } = spawnSync(`${editor} "${file}"`, { shell: true, stdio: "inherit" });
    if (error || status !== 0) throw new Error(`Cannot edit: ${editor} failed`, { cause: error });
    return readFileSync(file, "utf8");
  } finally {
    rmSync(folder, { recursive: true });
  }
}

process.exitCode = await run(process.argv.slice(2), io, `v${project.version}`);
