// A pxe-server of its own on the router of one network, as `ingot pxe` runs it there: it asks the provisioner.
import { appendFileSync, existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { usualPort } from "../../../provisioner/listening.ts";
import { Child } from "../framework/child.ts";
import { project } from "../framework/image.ts";
import type { RunDirectory } from "../framework/run-directory.ts";

export interface SegmentServerOptions {
  /** Of its segment. */
  readonly name: string;
  readonly host: string;
  readonly segment: object;
  /** To everywhere else; the provisioner is there too. */
  readonly gateway: string;
  readonly directory: RunDirectory;
}

export class SegmentServer implements AsyncDisposable {
  readonly name: string;
  readonly #options: SegmentServerOptions;
  readonly logFile: string;
  #process: Child | undefined;
  #starts = 0;

  constructor(options: SegmentServerOptions) {
    const { name, directory, segment } = options;
    this.name = name;
    this.#options = options;
    this.logFile = directory.file(`pxe-${name}.log`);
    const boot = { segments: [segment], leases: directory.file(`pxe-${name}.leases`) };
    writeFileSync(directory.file(`pxe-${name}.yaml`), stringify(boot));
  }

  /** `identities`: the folder where the provisioner keeps what pxe-servers show. */
  start(identities: string): void {
    const { name, host, gateway, directory } = this.#options;
    const identity = (file: string) => join(identities, name, file);
    if (!existsSync(identity("key.pem")))
      throw new Error(`Cannot start the pxe-server of ${name}: not enrolled`);
    appendFileSync(this.logFile, "");
    const program = [
      ...[process.execPath, join(project, "pxe-server/main.ts"), "--trace"],
      ...["--config", directory.file(`pxe-${name}.yaml`), "--cache", directory.file(`pxe-${name}.cache`)],
      ...["--capture", directory.file(`pxe-${name}.${this.#starts++}.pcap`)],
      ...["--provisioner", `${gateway}:${usualPort}`, "--ca", identity("ca.pem")],
      ...["--cert", identity("certificate.pem"), "--key", identity("key.pem")],
    ];
    const route = `echo 1 > /proc/sys/net/ipv4/ip_forward && ip route replace default via ${gateway} && exec "$@"`;
    const command = ["netns", "exec", host, "sh", "-c", route, "pxe", ...program];
    this.#process = new Child(`pxe-server of ${name}`, "ip", command, this.logFile);
  }

  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    await this.#process?.stop(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
