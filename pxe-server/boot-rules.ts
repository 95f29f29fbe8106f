// The rules of boot.yaml: which machine boots what, without any provisioner. First match wins.
import { z } from "zod";
import { type Client, diskMethods } from "./booter.ts";
import { architectures, loaderKinds } from "./firmware.ts";
import { scriptUrl } from "./ipxe-script.ts";
import { formatKernelArguments, parseKernelArgument } from "./kernel-arguments.ts";

/** `*` stands for anything; letter case and the separators of a MAC do not matter. */
const pattern = z.string().min(1);

const match = z.strictObject({
  mac: pattern.optional(),
  uuid: pattern.optional(),
  serial: pattern.optional(),
  arch: z.enum(architectures).optional(),
});

/** What a reader throws is what is wrong with the rule. */
const readBy =
  <In, Out>(read: (given: In) => Out) =>
  (given: In, context: z.RefinementCtx<In>): Out => {
    try {
      return read(given);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      context.addIssue({ code: "custom", message });
      return z.NEVER;
    }
  };

const kernelArguments = z
  .array(z.string().transform(readBy(parseKernelArgument)))
  .default([])
  .transform(
    readBy((args) => {
      formatKernelArguments(args);
      return args;
    }),
  );

const boots = {
  kernel: z.strictObject({
    kernel: z.string().min(1),
    initrd: z.array(z.string().min(1)).default([]),
    args: kernelArguments,
    paceBytesPerSecond: z.int().min(10_000).optional(),
  }),
  url: z.strictObject({ url: z.string().transform(readBy(scriptUrl)) }),
  disk: z.strictObject({ disk: z.enum(diskMethods) }),
  ignore: z.strictObject({ ignore: z.literal(true) }),
} as const;
const kinds = Object.keys(boots) as readonly (keyof typeof boots)[];

/** Not a union, which would only say that none of the four fits. */
const boot = z.record(z.string(), z.unknown()).transform((given, context) => {
  const kind = kinds.find((name) => name in given);
  const parsed = kind && boots[kind].safeParse(given);
  if (parsed?.success) return parsed.data;
  const issues = parsed?.error.issues ?? [{ message: `one of ${kinds.join(", ")} is needed`, path: [] }];
  for (const { message, path } of issues) context.addIssue({ code: "custom", message, path });
  return z.NEVER;
});

export const bootRule = z.strictObject({
  name: z.string().min(1),
  match: match.default({}),
  loader: z.enum(loaderKinds).optional(),
  boot,
});
export type BootRule = z.infer<typeof bootRule>;

export function matches(rule: BootRule, client: Client): boolean {
  const { mac, uuid, serial, arch } = rule.match;
  return (
    fits(mac, [client.mac, ...(client.macs ?? [])], plainMac) &&
    fits(uuid, [client.uuid]) &&
    fits(serial, [client.serial]) &&
    (arch === undefined || arch === client.architecture)
  );
}

/** Could it match once iPXE tells what firmware does not? There is no serial in DHCP, and not always a UUID. */
export function mayMatchLater(rule: BootRule, client: Client): boolean {
  const { uuid, serial, ...known } = rule.match;
  const told = {
    ...(client.uuid !== undefined && { uuid }),
    ...(client.serial !== undefined && { serial }),
  };
  return matches({ ...rule, match: { ...known, ...told } }, client);
}

const plainMac = (text: string) => text.replace(/[:.-]/g, "");

function fits(
  wanted: string | undefined,
  actual: readonly (string | undefined)[],
  plain: (text: string) => string = (text) => text,
): boolean {
  if (wanted === undefined) return true;
  const pieces = plain(wanted.toLowerCase()).split("*");
  return actual.some((text) => text !== undefined && fitsPieces(plain(text.toLowerCase()), pieces));
}

/** Pieces in order, the first at the start and the last at the end: no regular expression to blow up. */
function fitsPieces(text: string, [first = "", ...rest]: readonly string[]): boolean {
  if (rest.length === 0) return text === first;
  if (!text.startsWith(first)) return false;
  const last = rest.at(-1)!;
  let from = first.length;
  for (const piece of rest.slice(0, -1)) {
    const at = text.indexOf(piece, from);
    if (at < 0) return false;
    from = at + piece.length;
  }
  return text.length - last.length >= from && text.endsWith(last);
}
