import { type Codec, decodeWithin } from "../codec.ts";
import { u8 } from "../integers.ts";
import { prefixed } from "../prefixed.ts";
import type { Reader } from "../reader.ts";
import { restText } from "../text.ts";

/** Pointers let a few bytes stand for many names: no resolver takes as many as this, and no packet may ask for more. */
const mostNames = 64;
const mostPointers = 16;
const mostCharacters = 253;

/**
 * Option 119, RFC 3397: names as DNS writes them, where a pointer stands for the rest of an earlier name. Written
 * without pointers, which is allowed and which every client reads.
 */
export const domainList: Codec<readonly string[]> = {
  decode(r) {
    const start = r.offset;
    const names: string[] = [];
    while (r.offset < r.end) {
      if (names.length === mostNames) throw r.error(`there are more than ${mostNames} names`);
      names.push(decodeName(r, start));
    }
    return names;
  },
  encode(w, names) {
    for (const name of names) {
      if (name.length > mostCharacters) throw w.error(tooLong);
      for (const label of name.replace(/\.$/, "").split(".")) {
        if (!labelForm.test(label)) throw w.error(`"${name}" is not a domain name`);
        labelCodec.encode(w, label);
      }
      const at = w.take(1);
      w.bytes[at] = 0;
    }
  },
};

const labelCodec = prefixed(u8, restText);
/** What a resolver's configuration can hold: no white space, no dot, nothing above ASCII. */
const labelForm = /^[\x21-\x2d\x2f-\x7e]{1,63}$/;
const tooLong = `a name is longer than ${mostCharacters} characters`;

/** RFC 1035 §4.1.4. A pointer must point before the name that holds it: so every name ends. */
function decodeName(r: Reader, listStart: number): string {
  let name = "";
  let earliest = r.offset;
  let after: number | undefined;
  let pointers = 0;
  for (;;) {
    const at = r.take(1);
    const size = r.bytes[at]!;
    if (size === 0) break;
    if (size < 64) {
      const label = decodeWithin(r, size, restText);
      if (!labelForm.test(label)) throw r.error(`"${label}" is not a label of a domain name`, at);
      name += `${name && "."}${label}`;
      if (name.length > mostCharacters) throw r.error(tooLong, at);
      continue;
    }
    if (size < 192) throw r.error(`${size} is neither a label's length nor a pointer`, at);
    const target = listStart + (((size & 0x3f) << 8) | r.bytes[r.take(1)]!);
    if (target >= earliest) throw r.error("a pointer does not point backwards", at);
    if (++pointers > mostPointers) throw r.error(`a name has more than ${mostPointers} pointers`, at);
    after ??= r.offset;
    earliest = target;
    r.offset = target;
  }
  if (name === "") throw r.error("a name is empty");
  r.offset = after ?? r.offset;
  return name;
}
