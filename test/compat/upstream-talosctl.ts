import { execFile, spawnSync } from "node:child_process";
import { promisify } from "node:util";

/** Upstream's own talosctl where it is at hand: $TALOSCTL, or `talosctl` on the PATH. */
export const upstreamTalosctl = [process.env["TALOSCTL"], "talosctl"].find(
  (name) => name !== undefined && spawnSync(name, ["version", "--client"]).status === 0,
);

export const upstreamTitle = upstreamTalosctl
  ? "upstream's talosctl"
  : "upstream's talosctl (skipped: neither $TALOSCTL nor `talosctl` on the PATH)";

/** A command line of upstream's; rejects with what it said where it fails. */
export async function theirTalosctl(
  environment: Readonly<Record<string, string>>,
  words: readonly string[],
): Promise<{ readonly out: string; readonly error: string }> {
  const options = { env: { ...process.env, ...environment } };
  const { stdout, stderr } = await promisify(execFile)(upstreamTalosctl!, [...words], options);
  return { out: stdout, error: stderr };
}
