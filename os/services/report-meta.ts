import type { State } from "../../cosi/state.ts";
import { reflect } from "../resources/reflect.ts";
import { MetaKey } from "../resources/runtime/platform.ts";
import type { Meta } from "./api/machine/meta.ts";

/** META, each of its changes told as resources. */
export function reportedMeta(meta: Meta, state: State): Meta {
  return {
    values: () => meta.values(),
    async write(tag, value) {
      await meta.write(tag, value);
      await reportMeta(meta, state);
    },
    async delete(tag) {
      const wasThere = await meta.delete(tag);
      await reportMeta(meta, state);
      return wasThere;
    },
  };
}

export async function reportMeta(meta: Meta, state: State): Promise<void> {
  const specs = Array.from(await meta.values(), ([tag, value]) => {
    const id = `0x${tag.toString(16).padStart(2, "0")}`;
    return [id, { value: Buffer.from(value).toString() }] as const;
  });
  await reflect(state.as("MetaKeys"), MetaKey, new Map(specs));
}
