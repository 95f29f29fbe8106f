// The files that a machine config names: below /var they are its owner's; anywhere else one of the image's is covered by
// another, since nothing can be added to the image.
import { createHash } from "node:crypto";
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, normalize } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { SpecOf } from "../../cosi/resource.ts";
import type { FileSettings } from "../../machine-config/settings/files.ts";
import type { UserFileStatus } from "../resources/runtime/user-file.ts";

type Status = SpecOf<typeof UserFileStatus>;

export interface UserFilesOptions {
  /** Where everything is: `/`, but in tests. */
  readonly root: string;
  /** Shows one file in the place of another, where it cannot be written to. */
  readonly bind: (source: string, target: string) => void;
  readonly unbind: (target: string) => void;
}

const writable = "/var/";
/** Where those files are that cover others. */
const covers = "/system/files";

export interface WantedFile extends FileSettings {
  /** A user's number; root, when nothing is said. */
  readonly owner?: number;
}

interface Brought {
  readonly file: WantedFile;
  readonly status: Status;
  /** What an appended text stands behind. */
  readonly before: string;
  /** What is covered; undefined below /var. */
  readonly target: string | undefined;
}

export class UserFiles {
  readonly #options: UserFilesOptions;
  readonly #brought = new Map<string, Brought>();

  constructor(options: UserFilesOptions) {
    this.#options = options;
  }

  /** Writes one as it is asked for; what cannot be done is in its status. Safe to repeat. */
  bring(file: WantedFile): Status {
    const there = this.#brought.get(file.path);
    if (isDeepStrictEqual(there?.file, file)) return there!.status;
    const path = normalize(file.path);
    try {
      if (!path.startsWith("/")) throw new Error("its path does not begin with /");
      const brought = path.startsWith(writable)
        ? this.#write(join(this.#options.root, path), file, there)
        : this.#cover(path, file, there);
      this.#brought.set(file.path, brought);
      return brought.status;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return { ...statusOf(file), sha256: "", errorMessage: `Cannot write the file ${file.path}: ${reason}` };
    }
  }

  /** Uncovers what only others covered. Below /var everything stays: somebody may have written to it since. */
  release(kept: ReadonlySet<string>): void {
    for (const [path, { target }] of this.#brought) {
      if (kept.has(path)) continue;
      if (target !== undefined) {
        this.#options.unbind(target);
        rmSync(join(this.#options.root, covers, normalize(path)));
      }
      this.#brought.delete(path);
    }
  }

  #write(path: string, file: WantedFile, there: Brought | undefined): Brought {
    const found = textOf(path);
    if (found === undefined && file.operation === "overwrite")
      throw new Error("there is no file to overwrite");
    if (found === undefined && file.operation === "append") throw new Error("there is no file to append to");
    // At each boot again, and after each change: what was appended before is no part of what it stands behind.
    const appended = [file.content, there?.file.operation === "append" ? there.file.content : ""];
    const own = appended.find((text) => text !== "" && found?.endsWith(text)) ?? "";
    const before = file.operation === "append" ? found!.slice(0, found!.length - own.length) : "";
    mkdirSync(dirname(path), { recursive: true });
    return { ...put(path, file, before), before, target: undefined };
  }

  #cover(path: string, file: WantedFile, there: Brought | undefined): Brought {
    const { root, bind } = this.#options;
    if (file.operation === "create") throw new Error("files can be created below /var only");
    const target = there?.target ?? realpathSync(join(root, path));
    if (!lstatSync(target).isFile()) throw new Error("it is no file");
    const source = join(root, covers, path);
    const before = there?.before ?? readFileSync(target, "utf8");
    mkdirSync(dirname(source), { recursive: true, mode: 0o700 });
    const status = put(source, file, file.operation === "append" ? before : "");
    if (!there) bind(source, target);
    return { ...status, before, target };
  }
}

/** In place: whoever sees it through a mount sees the change. */
function put(path: string, file: WantedFile, before: string): Pick<Brought, "file" | "status"> {
  const text = before + file.content;
  writeFileSync(path, text, { mode: 0o600 });
  chmodSync(path, file.mode);
  if (file.owner !== undefined) chownSync(path, file.owner, file.owner);
  const sha256 = createHash("sha256").update(text).digest("hex");
  return { file, status: { ...statusOf(file), sha256, errorMessage: "" } };
}

const statusOf = ({ operation, mode }: FileSettings) => ({ operation, mode: mode.toString(8) });

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
