import { writeFile } from "node:fs/promises";
import { clientConfigText, parseClientConfig } from "../../../machine-config/client-config.ts";
import type { ApiClient } from "../../../provisioner/cli/api-client.ts";

export interface TalosconfigOptions {
  readonly file: string;
  /** By which the nodes are reached from outside. */
  readonly proxy: string | undefined;
}

/** What talosctl needs to operate the lab's nodes. */
export async function writeTalosconfig(api: ApiClient, { file, proxy }: TalosconfigOptions): Promise<void> {
  const answer = await api.call("POST", "/api/v1/machines/talosconfig", {});
  const { context, contexts } = parseClientConfig((answer as { talosconfig: string }).talosconfig);
  const reached = Object.entries(contexts).map(
    ([name, one]) => [name, { ...one, ...(proxy !== undefined && { "proxy-url": proxy }) }] as const,
  );
  const text = clientConfigText({ context, contexts: Object.fromEntries(reached) });
  await writeFile(file, text, { mode: 0o600 });
}
