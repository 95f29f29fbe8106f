import type { Output, OutputOf, Own } from "./owns.ts";

interface Reason {
  /** Shown to people wherever this key is shown. */
  readonly why: string;
  /** When to look again even if nothing changes. */
  readonly until?: Date;
}

/** Leave the outputs as they are until something changes. */
export interface Wait extends Reason {
  readonly do: "wait";
}
/** Not a matter of trying again: leave the outputs as they are until something changes. */
export interface Fail extends Reason {
  readonly do: "fail";
}
/** There shall be no outputs. */
export interface Remove extends Partial<Reason> {
  readonly do: "remove";
}
/** All is as it should be, and there is nothing to write. */
export interface Done extends Partial<Reason> {
  readonly do: "done";
}
interface Set extends Partial<Reason> {
  readonly do: "set";
}

type Single<O> = OutputOf<O> extends Output ? Set & OutputOf<O> : Set & { readonly outputs: OutputOf<O> };
type Several<Owns> = Set & {
  readonly outputs: { readonly [Name in keyof Owns]?: OutputOf<Owns[Name]> | undefined };
};

/** What a reconcile decided. `set` says what all outputs of the key shall be: one that it leaves out is removed. */
export type Verdict<Owns = undefined> =
  | Wait
  | Fail
  | (Owns extends undefined ? Done : Remove)
  | (Owns extends undefined ? never : Owns extends Own ? Single<Owns> : Several<Owns>);

/** A verdict as the engine sees it. */
export type AnyVerdict =
  | Wait
  | Fail
  | Remove
  | Done
  | (Set & Partial<Output> & { readonly outputs?: Readonly<Record<string, unknown>> });
