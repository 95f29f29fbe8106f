import type { Fault } from "../documents/document-kind.ts";
import type { V1Alpha1 } from "./config.ts";

type Network = NonNullable<NonNullable<V1Alpha1["machine"]>["network"]>;
type Bond = NonNullable<NonNullable<Network["interfaces"]>[number]["bond"]>;

const roundRobin = "balance-rr";
const lacp = "802.3ad";
const adaptive: readonly string[] = ["balance-tlb", "balance-alb"];
const activeBackup = "active-backup";

/** What each text field may say; nothing is always allowed, and means the kernel's default. */
const vocabulary = {
  mode: [roundRobin, activeBackup, "balance-xor", "broadcast", lacp, ...adaptive],
  xmitHashPolicy: ["layer2", "layer3+4", "layer2+3", "encap2+3", "encap3+4", "vlan+srcmac"],
  lacpRate: ["slow", "fast"],
  arpValidate: ["none", "active", "backup", "all", "filter", "filter-active", "filter-backup"],
  arpAllTargets: ["any", "all"],
  primaryReselect: ["always", "better", "failure"],
  failOverMac: ["none", "active", "follow"],
  adSelect: ["stable", "bandwidth", "count"],
} as const satisfies { readonly [Field in keyof Bond]?: readonly string[] };

/** Fields that the kernel takes in some modes only. */
const modes: readonly (readonly [field: keyof Bond, isAllowed: (mode: string) => boolean])[] = [
  ["lacpRate", (mode) => mode === lacp],
  ["adActorSysPrio", (mode) => mode === lacp],
  ["adUserPortKey", (mode) => mode === lacp],
  ["arpValidate", (mode) => mode !== lacp && !adaptive.includes(mode)],
  ["arpInterval", (mode) => mode !== lacp && !adaptive.includes(mode)],
  ["primary", (mode) => mode === activeBackup || adaptive.includes(mode)],
  ["tlbDynamicLb", (mode) => adaptive.includes(mode)],
];

/** Fields of older tools that nothing reads. */
const unsupported = ["arpIPTarget", "adActorSystem"] as const;

const isSet = (value: unknown) =>
  Array.isArray(value) ? value.length > 0 : value !== undefined && value !== "" && value !== 0;

export function* bondFaults(bond: Bond, at: string): Iterable<Fault> {
  const { mode = "", miimon = 0, packetsPerSlave = 0, interfaces = [], deviceSelectors = [] } = bond;
  for (const [field, words] of Object.entries(vocabulary)) {
    const word = bond[field as keyof typeof vocabulary];
    if (word && !(words as readonly string[]).includes(word))
      yield [`${at}.${field}`, `must be one of ${words.join(", ")}`];
  }
  for (const [field, isAllowed] of modes) {
    if (isSet(bond[field]) && !isAllowed(mode))
      yield [`${at}.${field}`, `is not for mode ${mode || roundRobin}`];
  }
  for (const field of unsupported) {
    if (isSet(bond[field])) yield [`${at}.${field}`, "is not supported"];
  }
  for (const field of ["updelay", "downdelay"] as const) {
    const delay = bond[field] ?? 0;
    if (miimon === 0 ? delay > 0 : delay % miimon !== 0)
      yield [`${at}.${field}`, "must be a multiple of miimon"];
  }
  if (packetsPerSlave > 1 && mode !== "" && mode !== roundRobin)
    yield [`${at}.packetsPerSlave`, `is not for mode ${mode}`];
  if (interfaces.length > 0 && deviceSelectors.length > 0)
    yield [at, "cannot have both interfaces and deviceSelectors"];
}
