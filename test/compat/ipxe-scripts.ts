// iPXE as far as scripts of network boots go: settings, labels, conditions, chains of scripts over HTTP, and a kernel at
// the end. https://ipxe.org/scripting
type Settings = Readonly<Record<string, string>>;

export interface Image {
  readonly url: string;
  readonly arguments: string;
  readonly text: string;
}

export type Ended =
  | { readonly is: "booted"; readonly kernel: Image; readonly initrds: readonly Image[] }
  /** To whatever the firmware tries next. */
  | { readonly is: "exited" };

type Outcome = { readonly ok: boolean } | { readonly goto: string } | { readonly ended: Ended };

/** A script that goes around for ever is told from one that waits. */
const mostLines = 500;

export class IpxeScripts {
  readonly #settings: Map<string, string>;
  /** What is on its screen. */
  readonly screen: string[] = [];
  readonly fetched: string[] = [];
  #kernel: Image | undefined;
  #initrds: Image[] = [];
  #lines = 0;

  constructor(settings: Settings) {
    this.#settings = new Map(Object.entries(settings));
  }

  /** Runs the script at the address and all that it leads to. */
  async boot(url: string): Promise<Ended> {
    const text = await this.#fetch(url);
    if (text === undefined) throw new Error(`Cannot boot ${url}: it is not served`);
    return this.#run(text);
  }

  async #run(text: string): Promise<Ended> {
    const lines = text.split("\n");
    if (lines[0] !== "#!ipxe") throw new Error(`Cannot run a script that begins with ${lines[0]}`);
    for (let at = 1; at < lines.length; at++) {
      if (++this.#lines > mostLines) throw new Error(`Cannot go on: ${this.screen.at(-1)}`);
      const outcome = await this.#line(lines[at]!);
      if ("ended" in outcome) return outcome.ended;
      if ("goto" in outcome) at = lines.indexOf(`:${outcome.goto}`);
      else if (!outcome.ok) throw new Error(`Cannot go on after: ${lines[at]}`);
      if (at < 0) throw new Error("Cannot go to a label that is not there");
    }
    return { is: "exited" };
  }

  /** `a || b` does b when a fails, `a && b` when it does not; nothing behind either is a success. */
  async #line(line: string): Promise<Outcome> {
    if (line.startsWith(":") || line.startsWith("#") || line.trim() === "") return { ok: true };
    const parts = line.split(/(?<=\s|^)(\|\||&&)(?=\s|$)/);
    let outcome: Outcome = await this.#command(parts[0]!);
    for (let index = 1; index < parts.length; index += 2) {
      if (!("ok" in outcome)) return outcome;
      const isDue = parts[index] === "||" ? !outcome.ok : outcome.ok;
      if (!isDue) continue;
      const next = parts[index + 1]!.trim();
      outcome = next === "" ? { ok: true } : await this.#command(next);
    }
    return outcome;
  }

  async #command(text: string): Promise<Outcome> {
    const [name = "", ...words] = this.#expanded(text).trim().split(/\s+/);
    const [first = "", second = ""] = words;
    const settings = this.#settings;
    switch (name) {
      case "echo":
        this.screen.push(words.join(" "));
        return { ok: true };
      case "set":
        settings.set(first.split(":")[0]!, second);
        return { ok: true };
      case "inc":
        settings.set(first, String(Number(settings.get(first)) + 1));
        return { ok: true };
      case "isset":
        return { ok: words.length > 0 };
      case "iseq":
        return { ok: first === second };
      case "ifopen":
        return { ok: settings.has(`${first}/mac`) };
      case "ifconf":
      case "imgfree":
      case "dhcp":
        return { ok: true };
      case "goto":
        return { goto: first };
      case "exit":
        return { ended: { is: "exited" } };
      // Nobody is there to press a key.
      case "prompt":
        return { ok: false };
      case "chain":
        return this.#chain(words.findLast((word) => !word.startsWith("--"))!);
      case "kernel":
      case "initrd":
        return this.#load(name, words);
      case "boot":
        if (!this.#kernel) return { ok: false };
        return { ended: { is: "booted", kernel: this.#kernel, initrds: this.#initrds } };
      default:
        throw new Error(`Cannot run ${name}: no such command here`);
    }
  }

  async #chain(url: string): Promise<Outcome> {
    const text = await this.#fetch(url);
    return text === undefined ? { ok: false } : { ended: await this.#run(text) };
  }

  async #load(what: "kernel" | "initrd", words: readonly string[]): Promise<Outcome> {
    const rest = words[0] === "--name" ? words.slice(2) : words;
    const [url = "", ...args] = rest;
    const text = await this.#fetch(url);
    if (text === undefined) return { ok: false };
    const image = { url, arguments: args.join(" "), text };
    if (what === "kernel") [this.#kernel, this.#initrds] = [image, []];
    else this.#initrds.push(image);
    return { ok: true };
  }

  /** From the inside out: `${net${nic}/mac}`. Of formats, those that change what is seen. */
  #expanded(text: string): string {
    let [before, after] = ["", text];
    while (before !== after) {
      before = after;
      after = after.replaceAll(/\$\{([^${}]*)\}/g, (_, name: string) => this.#setting(name));
    }
    return after;
  }

  #setting(name: string): string {
    const [setting = "", format] = name.split(":");
    const value = this.#settings.get(setting) ?? "";
    if (format === "hexhyp") return value.replaceAll(":", "-");
    return format === "uristring" ? encodeURIComponent(value) : value;
  }

  async #fetch(url: string): Promise<string | undefined> {
    const response = await fetch(url);
    const text = await response.text();
    this.fetched.push(`${response.status} ${new URL(url).pathname}`);
    return response.ok ? text : undefined;
  }
}
