// A machine's story, as a person reads it.
import type { storyOf } from "../api/story.ts";
import { printable } from "../printable.ts";
import { age } from "./age.ts";
import type { Paint } from "./paint.ts";
import { stageStyle } from "./stage-style.ts";

type Json<T> = T extends Date
  ? string
  : T extends readonly (infer Item)[]
    ? readonly Json<Item>[]
    : T extends object
      ? { readonly [Name in keyof T]: Json<T[Name]> }
      : T;

interface Showing {
  readonly now: () => Date;
  readonly paint: Paint;
}

/** As it came over the wire. */
export type Story = Json<ReturnType<typeof storyOf>>;

export function storyText(story: Story, { now: clock, paint }: Showing): string {
  const now = clock();
  const ago = (at: string) => `${age(new Date(at), now)} ago`;
  const { hardware, assignment, wipe, events } = story;
  const since = story.since === undefined ? "" : `, for ${age(new Date(story.since), now)}`;
  const lines: readonly (readonly [label: string, text: string | undefined])[] = [
    ["why", story.why],
    ["waits for", story.waitsFor],
    ["then", story.next],
    ["look at", story.doubt],
    ["deadline", story.deadline && deadlineText(story.deadline, story.retries ?? 0, now)],
    ["gave up", story.gaveUp && `${ago(story.gaveUp.at)} while ${story.gaveUp.step}: ${story.gaveUp.why}`],
    ["conflict", story.conflict?.join("; ")],
    ["cordon", story.cordon && `${story.cordon.why} (${story.cordon.by})`],
    ["next boot", `${story.nextBoot.mode}: ${story.nextBoot.why}`],
    ["power", `${story.power.is}; shall be ${story.power.wanted}: ${story.power.why}`],
    ["assigned", assignment && `${assignment.profile} (${assignment.how})`],
    ["wipe", wipe && wipeText(wipe)],
    ...(wipe?.unerased ?? []).map(
      ({ disk, device, failure }) =>
        ["bad disk", `${device ? `${device}, ` : ""}${disk}: ${failure}`] as const,
    ),
    ["disk is", story.installDisk && placeText(story.installDisk)],
    ...(story.installDisk?.skipped ?? []).map(({ disk, why }) => ["not", `${disk}: ${why}`] as const),
    ["installed", story.installation && `${story.installation.evidence} says so`],
    ["node", story.installation && nodeText(story.installation.node, ago)],
    [story.nodeOrder?.what ?? "", story.nodeOrder && `${story.nodeOrder.state}: ${story.nodeOrder.why}`],
    [
      "hardware",
      hardware &&
        `${hardware.manufacturer} ${hardware.product}, ${hardware.cores} cores, ${gigabytes(hardware.memoryBytes)}`,
    ],
    ...(hardware?.disks ?? []).map(
      ({ device, model, serial, sizeBytes }) =>
        ["disk", [device, model, serial, gigabytes(sizeBytes)].filter((word) => word).join(" ")] as const,
    ),
    ...(hardware?.networkInterfaces ?? []).map(
      ({ name, mac, carrier, switch: port }) =>
        ["network", `${name} ${mac} ${carrier ? "up" : "no link"}${port ? `, at ${port}` : ""}`] as const,
    ),
    ...(hardware?.gaps ?? []).map((gap) => ["gap", gap] as const),
    ["you can", story.actions.join(", ")],
    ...events.map(({ at, what }) => ["event", `${ago(at)}: ${what}`] as const),
  ];
  const heading = `${paint("bold", printable(story.name ?? story.id))}: ${paint(stageStyle(story.stage), story.stage)}${since}`;
  const told = lines.filter((line): line is readonly [string, string] => line[1] !== undefined);
  return [
    heading,
    ...told.map(([label, text]) => `  ${paint("faint", label.padEnd(10))}${printable(text)}`),
  ].join("\n");
}

function deadlineText(deadline: string, retries: number, now: Date): string {
  const left = new Date(deadline).getTime() - now.getTime();
  const text = left > 0 ? `in ${age(now, new Date(deadline))}` : "now";
  return retries === 0 ? text : `${text}, after ${retries} ${retries === 1 ? "retry" : "retries"}`;
}

const wipeText = ({ state, wipeId, wipedAt, why }: NonNullable<Story["wipe"]>) =>
  `${state}, number ${wipeId}; wiped up to ${wipedAt}${why === undefined ? "" : `: ${why}`}`;

const placeText = ({ disk, device, why }: NonNullable<Story["installDisk"]>) =>
  disk === undefined ? why : `${device}: ${why}`;

function nodeText(
  node: NonNullable<Story["installation"]>["node"],
  ago: (at: string) => string,
): string | undefined {
  if (node.is === "unseen") return "not seen yet";
  const words = { ready: "ready", notReady: "not ready", silent: "does not answer" } as const;
  const version = "version" in node ? node.version : undefined;
  const place = [node.address && `at ${node.address}`, version].filter((one) => one).join(", ");
  const why = "why" in node ? `: ${node.why}` : "";
  return `${words[node.is]}${place && ` ${place}`}, since ${ago(node.since)}${why}`;
}

const gigabytes = (bytes: number) => `${Math.round(bytes / 1e9)} GB`;
