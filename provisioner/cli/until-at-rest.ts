import type { Command } from "commander";
import { printable } from "../printable.ts";
import { type ApiClient, pathOf } from "./api-client.ts";
import type { CommandContext } from "./command-io.ts";
import { CommandFailure } from "./exit-codes.ts";
import type { Story } from "./story-text.ts";

/** Where nothing goes on, and that is not what anybody waits for. */
const bad: ReadonlySet<string> = new Set(["failed", "conflicted", "rejected", "cordoned"]);

/**
 * Asks, and follows machines until nothing more happens to them by itself. Every change of their status is the moment
 * to read their story again, which says what follows from what is known, and not what was last written down.
 */
export async function untilAtRest(
  context: CommandContext,
  command: Command,
  ids: readonly string[],
  ask: () => Promise<void>,
): Promise<void> {
  const client = context.client(command);
  const { bookmark } = await client.page("machine-statuses", { limit: "1" });
  await ask();
  const waiting = new Set(ids);
  const ended: Story[] = [];
  const said = new Map<string, string>();
  const look = async (id: string) => {
    const story = await storyOf(client, id);
    const text = printable(`${story.name ?? id}: ${story.stage}: ${story.why}`);
    if (said.get(id) !== text) context.io.note(text);
    said.set(id, text);
    // Until its acceptance is carried out a machine still waits for one.
    if (!story.resting || story.stage === "discovered") return;
    waiting.delete(id);
    ended.push(story);
  };
  for (const id of ids) await look(id);
  if (waiting.size > 0) {
    for await (const change of client.watch("machine-statuses", { after: bookmark })) {
      if (change.type === "bootstrapped") continue;
      const { id } = change.resource.metadata;
      if (waiting.has(id)) await look(id);
      if (waiting.size === 0) break;
    }
  }
  const failed = ended.filter(({ stage }) => bad.has(stage));
  if (failed.length > 0) {
    throw new CommandFailure("missed", `not what was waited for: ${failed.map(({ id }) => id).join(", ")}`);
  }
}

const storyOf = async (client: ApiClient, id: string) =>
  (await client.call("GET", pathOf("machines", [id, "story"]))) as Story;
