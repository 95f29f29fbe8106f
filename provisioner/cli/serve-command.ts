// `ingot serve`: its options, read and checked. serve-process.ts does what they say.
import { readFile } from "node:fs/promises";
import { Command, Option } from "commander";
import type { Place } from "../listening.ts";
import { usualPort } from "../listening.ts";
import { type NamedImage, usualImage } from "../services/asset-shelf.ts";

export interface ServeWish {
  readonly stateDir: string;
  /** None for a file. */
  readonly etcd?: EtcdWish;
  readonly images: readonly NamedImage[];
  readonly wipesAtOnce: number;
  readonly files?: string;
  readonly arguments: readonly { readonly name: string; readonly value?: string }[];
  readonly interfaces: readonly string[];
  readonly dhcp: DhcpWish;
  readonly listen: readonly Place[];
  readonly installsPort: number;
  /** Names of networks. */
  readonly enrol: readonly string[];
  readonly api: Place;
  readonly tls?: Pem;
  readonly announce?: string;
  readonly segments?: string;
  readonly loaders?: string;
  readonly capture?: string;
}

interface Pem {
  readonly certificate: string;
  readonly key: string;
}

export interface EtcdWish {
  readonly endpoints: readonly string[];
  readonly tls?: { readonly authorities: string; readonly identity?: Pem };
}

/** Of the networks behind --interface. */
export type DhcpWish =
  | { readonly mode: "proxy" | "off" }
  | { readonly mode: "full"; readonly pool: readonly [first: string, last: string] };

interface Options {
  readonly stateDir: string;
  readonly state?: string;
  readonly etcdCa?: string;
  readonly etcdCertificate?: string;
  readonly etcdKey?: string;
  readonly image: readonly string[];
  readonly files?: string;
  readonly argument: readonly string[];
  readonly interface: readonly string[];
  readonly dhcp: string;
  readonly listen: readonly string[];
  readonly installsPort: string;
  readonly wipesAtOnce: string;
  readonly enrol: readonly string[];
  readonly api: string;
  readonly tlsCertificate?: string;
  readonly tlsKey?: string;
  readonly announce?: string;
  readonly segments?: string;
  readonly loaders?: string;
  readonly capture?: string;
}

export const usualStateDir = "/var/lib/ingot";

/** An option that may be given several times. */
const several = (flags: string, about: string) =>
  new Option(flags, about)
    .default([], "none")
    .argParser((text, before: unknown) => [...(before as string[]), text]);

export function serveCommand(serve: (wish: ServeWish) => Promise<void>): Command {
  return new Command("serve")
    .description(
      "the provisioner; with --interface or --segments also the pxe-server of this host's networks",
    )
    .option("--state-dir <folder>", "everything that is kept", usualStateDir)
    .option("--state <etcd>", "etcd://HOST:PORT,… instead of a file, for several provisioners at once")
    .option("--etcd-ca <file>", "whose certificates etcd's members have (PEM)")
    .option("--etcd-certificate <file>", "ours for etcd (PEM)")
    .option("--etcd-key <file>", "its key (PEM)")
    .addOption(
      several(
        "--image <[name=]folder>",
        "an image that machines boot, as `image build` leaves it; several times, by the names in profiles",
      ),
    )
    .addOption(
      several("--argument <name=value>", "one more kernel argument for our own images; several times"),
    )
    .addOption(several("--interface <name>", "a network to serve: DHCP, TFTP and HTTP boot; several times"))
    .option("--dhcp <how>", "there: proxy (others give addresses), off, or FIRST-LAST to give these", "proxy")
    .option("--segments <file>", "the networks to serve, in full: boot.yaml without rules")
    .addOption(
      several(
        "--listen <host:port>",
        `for machines and pxe-servers, instead of port ${usualPort} on the networks that are served`,
      ),
    )
    .option("--files <folder>", "kernels and initramfs of other systems, as profiles name them")
    .option("--installs-port <port>", "on the same addresses, for systems that are being installed", "8446")
    .option("--wipes-at-once <count>", "how many machines may be wiped at the same time", "50")
    .addOption(
      several(
        "--enrol <segment>",
        "keep what its pxe-server shows in STATE-DIR/segments/SEGMENT; several times",
      ),
    )
    .option("--announce <host>", "what machines dial, wherever they are, instead of our address near them")
    .option(
      "--api <host:port>",
      "for people and programs: HTTPS; this host alone unless told",
      "127.0.0.1:8443",
    )
    .option(
      "--tls-certificate <file>",
      "the API's certificate (PEM), instead of one of our own authority; installing systems get HTTPS then",
    )
    .option("--tls-key <file>", "its key (PEM)")
    .option("--loaders <folder>", "the folder with the iPXE binaries")
    .option("--capture <file>", "write the packets of DHCP and TFTP to this file, for bug reports (pcap)")
    .action(async (options: Options) => serve(await wishOf(options)));
}

async function wishOf(options: Options): Promise<ServeWish> {
  const { stateDir, image, files, interface: interfaces, announce, segments, loaders, capture } = options;
  const tls = await pemOf("--tls", options.tlsCertificate, options.tlsKey);
  const etcd = await etcdOf(options);
  return {
    stateDir,
    interfaces,
    dhcp: dhcpOf(options.dhcp),
    arguments: options.argument.map(kernelArgument),
    listen: options.listen.map(placeOf),
    installsPort: portOf(options.installsPort),
    enrol: options.enrol.map(segmentName),
    api: placeOf(options.api),
    ...(etcd && { etcd }),
    ...(tls && { tls }),
    images: image.map(namedImage),
    wipesAtOnce: countOf(options.wipesAtOnce),
    ...(files !== undefined && { files }),
    ...(announce !== undefined && { announce }),
    ...(segments !== undefined && { segments }),
    ...(loaders !== undefined && { loaders }),
    ...(capture !== undefined && { capture }),
  };
}

/** `etcd://a:2379,b:2379`, or each with a scheme of its own. */
async function etcdOf({ state, etcdCa, etcdCertificate, etcdKey }: Options): Promise<EtcdWish | undefined> {
  const identity = await pemOf("--etcd", etcdCertificate, etcdKey);
  if (state === undefined) return undefined;
  const scheme = etcdCa === undefined ? "http" : "https";
  const endpoints = state
    .replace(/^etcd:\/\//, "")
    .split(",")
    .map((one) => (/^https?:\/\//.test(one) ? one : `${scheme}://${one}`));
  if (etcdCa === undefined) return { endpoints };
  const authorities = await readFile(etcdCa, "utf8");
  return { endpoints, tls: { authorities, ...(identity && { identity }) } };
}

async function pemOf(option: string, certificate: string | undefined, key: string | undefined) {
  if (certificate === undefined && key === undefined) return undefined;
  if (certificate === undefined || key === undefined) {
    throw new Error(`Cannot use one of ${option}-certificate and ${option}-key without the other`);
  }
  return { certificate: await readFile(certificate, "utf8"), key: await readFile(key, "utf8") };
}

function dhcpOf(text: string): DhcpWish {
  if (text === "proxy" || text === "off") return { mode: text };
  const [, first, last] = /^([\d.]+)-([\d.]+)$/.exec(text) ?? [];
  if (first === undefined || last === undefined) {
    throw new Error(
      `Cannot serve DHCP as ${text}: it is proxy, off, or FIRST-LAST such as 10.1.0.100-10.1.0.200`,
    );
  }
  return { mode: "full", pool: [first, last] };
}

function placeOf(text: string): Place {
  const [, v6, plain, port] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text) ?? [];
  if (port === undefined) throw new Error(`Cannot listen on ${text}: it is not host:port`);
  return { host: (v6 ?? plain)!, port: portOf(port) };
}

function segmentName(text: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(text)) {
    throw new Error(`Cannot enrol ${text}: a name has letters, digits, dots and dashes`);
  }
  return text;
}

function countOf(text: string): number {
  if (!/^[1-9]\d{0,4}$/.test(text))
    throw new Error(`Cannot wipe ${text} machines at once: a count is at least 1`);
  return Number(text);
}

function portOf(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535)
    throw new Error(`Cannot listen on port ${text}: a port is a number up to 65535`);
  return Number(text);
}

function namedImage(text: string): NamedImage {
  const [, name = usualImage, folder = text] = /^([a-z0-9][a-z0-9.-]*)=(.+)$/.exec(text) ?? [];
  return { name, folder };
}

function kernelArgument(text: string): { name: string; value?: string } {
  const [name = "", ...value] = text.split("=");
  return value.length === 0 ? { name } : { name, value: value.join("=") };
}
