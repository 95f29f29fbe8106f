import { spawn } from "node:child_process";

/** An ordinary user's shell does not look where depmod is. */
const path = `${process.env["PATH"] ?? "/usr/bin:/bin"}:/usr/sbin:/sbin`;

/** Runs a program of the build host and resolves to what it printed; its complaints become the error. */
export function tool(
  command: string,
  args: readonly string[],
  { signal, env, cwd }: { signal?: AbortSignal; env?: Record<string, string>; cwd?: string } = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, PATH: path, LC_ALL: "C", ...env },
      ...(cwd && { cwd }),
      ...(signal && { signal }),
    });
    const out: Buffer[] = [];
    const complaints: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => complaints.push(chunk));
    child.on("error", (cause) => reject(new Error(`Cannot run ${command}: ${cause.message}`, { cause })));
    child.on("close", (code) => {
      if (code === 0) return resolve(Buffer.concat(out).toString());
      const why = Buffer.concat(complaints).toString().trim().split("\n").slice(-3).join("; ");
      reject(new Error(`Cannot finish ${command} ${args.slice(0, 3).join(" ")}: ${why || `status ${code}`}`));
    });
  });
}
