// Runs a command in namespaces of its own: a network that is not the host's, mounts that are not the host's, and
// processes that all end when it ends, however it ends. As root, or as any user where the kernel lets users do so.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

const namespaces = ["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];
const asUser = ["--user", "--map-root-user"];

/** Why this machine cannot do it and what to do, or undefined when it can. */
export function whyNoNamespaces(): string | undefined {
  const { status, stderr } = spawnSync("unshare", [...flags(), "true"], { encoding: "utf8" });
  if (status === 0) return undefined;
  return `Cannot make network namespaces as this user: ${stderr.trim()}. Run as root, or allow users to: sysctl kernel.unprivileged_userns_clone=1 (and kernel.apparmor_restrict_unprivileged_userns=0 on Ubuntu).`;
}

/** Who does not clean up within this time after a SIGTERM is ended, and all that it started with it. */
const graceMs = 30_000;

/** Resolves to the command's exit status. A SIGTERM to this process is one to the command. */
export async function runInNamespaces(command: string, args: readonly string[]): Promise<number> {
  const child = spawn("unshare", [...flags(), command, ...args], { stdio: "inherit" });
  let grace: NodeJS.Timeout | undefined;
  const end = () => {
    pass("SIGTERM", child);
    grace ??= setTimeout(() => child.kill("SIGKILL"), graceMs);
  };
  process.on("SIGTERM", end);
  try {
    return await new Promise((resolve, reject) => {
      child.on("error", (cause) => reject(new Error(`Cannot run unshare: ${cause.message}`, { cause })));
      child.on("close", (code) => resolve(code ?? 1));
    });
  } finally {
    process.off("SIGTERM", end);
    clearTimeout(grace);
  }
}

/** `unshare` itself heeds no signal while it waits for the command. */
function pass(signal: NodeJS.Signals, { pid }: ChildProcess): void {
  const commands = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean);
  for (const one of commands) process.kill(Number(one), signal);
}

const flags = () => [...(process.getuid?.() === 0 ? [] : asUser), ...namespaces];
