// One byte range (RFC 9110 §14). Several ranges in one request may be ignored, and are.
export type Range =
  | { readonly is: "whole" }
  | { readonly is: "part"; readonly from: number; readonly to: number }
  | { readonly is: "unsatisfiable" };

/** `to` is exclusive. */
export function parseRange(header: string | undefined, sizeBytes: number): Range {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.trim() ?? "");
  const [, first = "", last = ""] = match ?? [];
  if (first === "" && last === "") return { is: "whole" };
  if (first === "") {
    const from = Math.max(0, sizeBytes - Number(last));
    return from < sizeBytes ? { is: "part", from, to: sizeBytes } : { is: "unsatisfiable" };
  }
  const from = Number(first);
  const to = last === "" ? sizeBytes : Math.min(Number(last) + 1, sizeBytes);
  if (last !== "" && Number(last) < from) return { is: "whole" };
  return from < sizeBytes ? { is: "part", from, to } : { is: "unsatisfiable" };
}
