import { GrpcError } from "../../api/grpc/error.ts";

/** Wider and more winding than anyone types. */
const limits = { length: 256, repetitions: 3, choices: 10 };

/**
 * The pattern of an id query. Clients write it for Go, whose matching takes time in proportion to the text; ours can
 * take for ever on patterns made for that, so those that might are refused: anybody who may read may send one.
 */
export function idPattern(text: string): RegExp {
  if (text.length > limits.length) throw refused(`it has more than ${limits.length} characters`);
  // Of what Go has and we have not, only flags in front are in use.
  const [, flags = "", source = text] = /^\(\?([ims]+)\)(.*)$/s.exec(text) ?? [];
  const pattern = compile(source, `${flags}u`);
  refuseWinding(source);
  return pattern;
}

function compile(source: string, flags: string): RegExp {
  try {
    return new RegExp(source, flags);
  } catch (cause) {
    throw refused(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

/** The parts of a regular expression, as far as they matter to how long it takes. */
const part =
  /\\(?<escaped>[\s\S])|\[(?:\\[\s\S]|[^\]\\])*\]|(?<open>\((?:\?(?:<[=!]|[^)]))?)|(?<close>\))|(?<repeat>[*+]|\{\d+(?:,\d*)?\})|(?<choice>[|?])/gu;

/** Time explodes where what can be matched in several ways is repeated; it grows with each such part after another. */
function refuseWinding(source: string): void {
  const groups = [{ winds: false }];
  let repetitions = 0;
  let choices = 0;
  let isRepeat = false;
  let closed: { winds: boolean } | undefined;
  let end = 0;
  for (const { index, 0: all, groups: found } of source.matchAll(part)) {
    const { escaped, open, close, repeat } = found!;
    // After a repetition a question mark only says which end to begin at.
    const choice = found!["choice"] === "?" && isRepeat && index === end ? undefined : found!["choice"];
    if (escaped !== undefined && /[1-9k]/.test(escaped)) throw refused("it refers back");
    if (open !== undefined) {
      if (open.length > 1 && open !== "(?:") throw refused("it has a group that is no plain group");
      groups.push({ winds: false });
    }
    if (repeat !== undefined) {
      if (++repetitions > limits.repetitions)
        throw refused(`it repeats more than ${limits.repetitions} times`);
      if (closed?.winds && index === end) throw refused("it repeats what winds by itself");
    }
    if (choice !== undefined && ++choices > limits.choices) {
      throw refused(`it leaves a choice more than ${limits.choices} times`);
    }
    if (repeat !== undefined || choice !== undefined) groups.at(-1)!.winds = true;
    closed = close === undefined ? undefined : groups.pop();
    if (closed?.winds) groups.at(-1)!.winds = true;
    isRepeat = repeat !== undefined;
    end = index + all.length;
  }
}

const refused = (why: string, options?: ErrorOptions) =>
  new GrpcError("invalidArgument", `cannot use that id query: ${why}`, options);
