// What is read out of a resource, as a table. DSP0266 lets any property be missing or null, so every field is optional;
// one of another type is an error that says where it stands.
import { RedfishError } from "./error.ts";

export type Shape<T> = (value: unknown, where: string) => T;
export type ValueOf<S> = S extends Shape<infer T> ? T : never;

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export function malformed(where: string, why: string): RedfishError {
  return new RedfishError({ kind: "malformed", message: `Cannot read ${where}: ${why}` });
}

const wrong = (value: unknown, where: string, wanted: string) =>
  malformed(where, `it is ${Array.isArray(value) ? "a list" : `of type ${typeof value}`}, not ${wanted}`);

export const text: Shape<string> = (value, where) => {
  if (typeof value !== "string") throw wrong(value, where, "text");
  return value;
};

export const number: Shape<number> = (value, where) => {
  if (typeof value !== "number") throw wrong(value, where, "a number");
  return value;
};

export const boolean: Shape<boolean> = (value, where) => {
  if (typeof value !== "boolean") throw wrong(value, where, "true or false");
  return value;
};

/** Kept as it came, to be read by another shape. */
export const anything: Shape<unknown> = (value) => value;

/** Only paths of the same service: what answers does not choose where credentials are sent. */
const pathPattern = /^\/[!-~]*$/;

export const path: Shape<string> = (value, where) => {
  if (!pathPattern.test(text(value, where))) throw malformed(where, "it is not a path of this service");
  return value as string;
};

export const record =
  <F extends Readonly<Record<string, Shape<unknown>>>>(
    fields: F,
  ): Shape<{ readonly [N in keyof F]?: ValueOf<F[N]> | undefined }> =>
  (value, where) => {
    if (!isRecord(value)) throw wrong(value, where, "an object");
    const read: { [N in keyof F]?: ValueOf<F[N]> } = {};
    for (const name of Object.keys(fields) as (keyof F & string)[]) {
      const field = Object.hasOwn(value, name) ? value[name] : undefined;
      if (field !== undefined && field !== null)
        read[name] = fields[name]!(field, `${where}/${name}`) as ValueOf<F[typeof name]>;
    }
    return read;
  };

/** Null stands for "nothing here" in lists of sensors and members. */
export const list =
  <T>(shape: Shape<T>): Shape<readonly T[]> =>
  (value, where) => {
    if (!Array.isArray(value)) throw wrong(value, where, "a list");
    return value
      .filter((item) => item !== null)
      .map((item: unknown, index) => shape(item, `${where}/${index}`));
  };

/** A reference to another resource. */
export const link: Shape<string> = (value, where) => {
  if (!isRecord(value)) throw wrong(value, where, "a link");
  return path(value["@odata.id"], `${where}/@odata.id`);
};
