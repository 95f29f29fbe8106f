// A resource of the emulated service as a record: where it is, what it answers, what may be changed.
import type { Privilege } from "../../bmc.ts";
import type { SimulatedChassis } from "../chassis.ts";
import type { RedfishMemory } from "./memory.ts";
import { type Answer, done, refuse } from "./message.ts";

export const root = "/redfish/v1";

export interface Caller {
  readonly memory: RedfishMemory;
  /** The BMC's own server. */
  readonly chassis: SimulatedChassis;
  /** The parts of the path that its pattern names. */
  readonly ids: Readonly<Record<string, string>>;
  readonly user: string;
  readonly privilege: Privilege;
}

export type Body = Readonly<Record<string, unknown>>;
type Handler = (caller: Caller, body: Body) => Answer;
/** Says what is wrong with a value, or does what it asks for: only once the whole body is known to be right. */
type Setter = (value: unknown, caller: Caller) => Answer | (() => void);
export type Setters = Readonly<Record<string, Setter>>;

export interface Resource {
  /** `:name` stands for any one part. */
  readonly path: string;
  /** DSP0266 §13.2: these are read without credentials. */
  readonly open?: true;
  /** What stands at the path, or undefined for nothing. */
  readonly get?: (caller: Caller) => Body | string | undefined;
  /** What a PATCH may hold, by property. */
  readonly patch?: Setters;
  readonly post?: Handler;
  readonly delete?: Handler;
  /** To change it; operator unless said otherwise. */
  readonly needs?: Privilege;
  /** The POST is answered without credentials: it brings some. */
  readonly openPost?: true;
  readonly feature?: "virtualMedia" | "boot" | "events";
  /** Why this BMC lets nobody change it. */
  readonly refusal?: (caller: Caller) => Answer | undefined;
  /** Changing it is refused while the machine starts. */
  readonly waitsForPost?: true;
}

export const linkTo = (path: string) => ({ "@odata.id": path });

/** What every resource begins with. */
export const headOf = (path: string, type: string, name: string): Body => ({
  "@odata.id": path,
  "@odata.type": `#${type}.${type.split(".")[0]}`,
  Id: decodeURIComponent(path.split("/").at(-1)!),
  Name: name,
});

export function collectionOf(path: string, type: string, name: string, members: readonly string[]): Body {
  return {
    "@odata.id": path,
    "@odata.type": `#${type}.${type}`,
    Name: name,
    "Members@odata.count": members.length,
    Members: members.map(linkTo),
  };
}

export const isBody = (value: unknown): value is Body =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** All of `body` or nothing of it. */
export function patch(setters: Setters, body: Body, caller: Caller, readable: Body = {}): Answer {
  const apply: (() => void)[] = [];
  for (const [name, value] of Object.entries(body)) {
    if (name.includes("@")) continue;
    const setter = Object.hasOwn(setters, name) ? setters[name] : undefined;
    if (!setter) return refuse(name in readable ? "propertyReadOnly" : "propertyUnknown", name);
    const outcome = setter(value, caller);
    if (typeof outcome !== "function") return outcome;
    apply.push(outcome);
  }
  for (const change of apply) change();
  return done;
}

/** A setter for one of some texts. */
export const oneOf =
  (name: string, values: readonly string[], apply: (value: string, caller: Caller) => void): Setter =>
  (value, caller) => {
    if (typeof value !== "string") return refuse("wrongType", name);
    return values.includes(value) ? () => apply(value, caller) : refuse("notInList", name);
  };

export const ofType =
  <T extends "string" | "boolean">(
    name: string,
    type: T,
    apply: (value: T extends "string" ? string : boolean, caller: Caller) => void,
  ): Setter =>
  (value, caller) =>
    typeof value === type
      ? () => apply(value as T extends "string" ? string : boolean, caller)
      : refuse("wrongType", name);
