// What a machine boots that shall be installed: the files, arguments and address of its profile, made its own.
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { PlanSchema } from "../../api/gen/ingot/boot/v1/boot_pb.js";
import type { ResourceOf, SpecOf } from "../../cosi/resource.ts";
import { type OwnAddresses, render, type Wanted } from "../profiles/render.ts";
import type { Profile } from "../resources/profile.ts";
import type { AssetShelf } from "./asset-shelf.ts";
import type { BootImage } from "./image-folder.ts";
import type { MachineRecords } from "./machine-records.ts";

type Boots = SpecOf<typeof Profile>["boots"];
type Do = NonNullable<MessageInitShape<typeof PlanSchema>["do"]>;
type KernelArgument = Extract<Boots, { what: "kernel" }>["arguments"][number];

export type InstallPlan =
  | { readonly is: "plan"; readonly do: Do }
  /** The screen of the machine says why, and asks again: people may put it right meanwhile. */
  | { readonly is: "obstacle"; readonly why: string };

interface Asked {
  readonly records: MachineRecords;
  readonly profile: ResourceOf<typeof Profile>;
  readonly addresses: OwnAddresses | undefined;
  readonly shelf: AssetShelf;
  readonly paceBytesPerSecond: bigint;
}

export function installPlan({ records, profile, addresses, shelf, paceBytesPerSecond }: Asked): InstallPlan {
  const { boots, config, memberOf } = profile.spec;
  // Without a place to fetch from or to call, texts that name one are refused, and others are as good.
  const wanted = { records, profile, addresses: addresses ?? { phoneHome: "" } };
  if (boots.what === "chain") {
    const url = render(boots.url, wanted, "address");
    return url.is === "text"
      ? { is: "plan", do: { case: "chain", value: { url: url.text } } }
      : { is: "obstacle", why: url.why };
  }
  const image = boots.what === "ingot" ? imageOf(boots, shelf) : filesOf(boots, shelf);
  if (typeof image === "string") return { is: "obstacle", why: image };
  const ours = boots.what === "ingot" && (config || memberOf) ? ownArguments : [];
  const trust = addresses?.authority === undefined ? [] : [trustArgument];
  const args = argumentsFor([...ours, ...trust, ...boots.arguments], wanted);
  if (typeof args === "string") return { is: "obstacle", why: args };
  const { kernel, initrds } = image;
  const value = {
    kernel,
    initrds: [...initrds],
    arguments: [...image.arguments, ...args],
    paceBytesPerSecond,
  };
  return { is: "plan", do: { case: "kernel", value } };
}

/** Without the provisioner's address among them: that is what makes an agent. */
const ownArguments: readonly KernelArgument[] = [
  { name: "talos.platform", value: "metal" },
  { name: "talos.config", value: "{{provisioner.config}}" },
  { name: "ingot.image", value: "{{provisioner.image}}" },
  { name: "ingot.installed", value: "{{provisioner.phoneHome}}" },
];

/** Whose certificate is shown where the config is. */
const trustArgument: KernelArgument = { name: "ingot.ca", value: "{{provisioner.authority}}" };

function imageOf({ image }: Extract<Boots, { what: "ingot" }>, shelf: AssetShelf): BootImage | string {
  const names = [...shelf.images.keys()].join(", ");
  return (
    shelf.bootImage(image) ??
    (names === ""
      ? "there is no image of Ingot's own system here: `ingot serve --image` names one"
      : `there is no image ${image} here; there are ${names}`)
  );
}

function filesOf({ kernel, initrds }: Extract<Boots, { what: "kernel" }>, shelf: AssetShelf) {
  const named = new Map([kernel, ...initrds].map((name) => [name, shelf.find(name)?.name]));
  const missing = [...named].find(([, asset]) => asset === undefined);
  if (missing) return `there is no file ${missing[0]} among the assets`;
  const image: BootImage = {
    kernel: named.get(kernel)!,
    initrds: initrds.map((name) => named.get(name)!),
    arguments: [],
  };
  return image;
}

/** As it is in profiles: what is put in must not become more than the value. */
const grammar = /^[^\s"'\\\p{Cc}]*$/u;

function argumentsFor(args: readonly KernelArgument[], wanted: Wanted) {
  const made: { name: string; value?: string; secret: boolean }[] = [];
  for (const { name, value } of args) {
    if (value === undefined) {
      made.push({ name, secret: false });
      continue;
    }
    const rendered = render(value, wanted);
    if (rendered.is === "refused") return `kernel argument ${name}: ${rendered.why}`;
    if (!grammar.test(rendered.text)) {
      return `kernel argument ${name} would be ${JSON.stringify(rendered.text.slice(0, 80))}, with blanks or quotes`;
    }
    // Tokens are in the addresses: nobody keeps or logs them.
    made.push({ name, value: rendered.text, secret: value.includes("provisioner.") });
  }
  return made;
}
