// `ingot serve`: its options, read and checked. main.ts does what they say.
import { readFile } from "node:fs/promises";
import { Command, Option } from "commander";

interface Place {
  readonly host: string;
  readonly port: number;
}

export interface ServeWish {
  readonly stateDir: string;
  /** Of etcd; none for a file. */
  readonly endpoints?: readonly string[];
  readonly image?: string;
  readonly arguments: readonly { readonly name: string; readonly value?: string }[];
  readonly listen: Place;
  readonly api: Place;
  readonly tls?: { readonly certificate: string; readonly key: string };
  readonly announce?: string;
  readonly segments?: string;
  readonly loaders?: string;
}

interface Options {
  readonly stateDir: string;
  readonly state?: string;
  readonly image?: string;
  readonly argument: readonly string[];
  readonly listen: string;
  readonly api: string;
  readonly tlsCertificate?: string;
  readonly tlsKey?: string;
  readonly announce?: string;
  readonly segments?: string;
  readonly loaders?: string;
}

export const usualStateDir = "/var/lib/ingot";

export function serveCommand(serve: (wish: ServeWish) => Promise<void>): Command {
  return new Command("serve")
    .description("the provisioner; with --segments also the pxe-server of this host's networks")
    .option("--state-dir <folder>", "everything that is kept", usualStateDir)
    .option("--state <etcd>", "etcd://HOST:PORT,… instead of a file, for several provisioners at once")
    .option("--image <folder>", "the image that machines boot, as `image build` leaves it")
    .addOption(
      new Option("--argument <name=value>", "one more kernel argument for agents")
        .default([])
        .argParser((text, before: unknown) => [...(before as string[]), text]),
    )
    .option("--listen <host:port>", "for machines and pxe-servers", "0.0.0.0:8444")
    .option("--api <host:port>", "for people and programs: HTTPS", "0.0.0.0:8443")
    .option("--tls-certificate <file>", "the API's certificate (PEM), instead of one of our own authority")
    .option("--tls-key <file>", "its key (PEM)")
    .option("--announce <host>", "what machines dial; needed where --listen names no address")
    .option("--segments <file>", "boot.yaml without rules: the networks that this process serves itself")
    .option("--loaders <folder>", "the folder with the iPXE binaries")
    .action(async ({ state, argument, listen, api, tlsCertificate, tlsKey, ...rest }: Options) => {
      const tls = await ownTls(tlsCertificate, tlsKey);
      await serve({
        ...rest,
        ...(state !== undefined && { endpoints: endpointsOf(state) }),
        arguments: argument.map(kernelArgument),
        listen: hostAndPort(listen),
        api: hostAndPort(api),
        ...(tls && { tls }),
      });
    });
}

/** `etcd://a:2379,b:2379`, or each with a scheme of its own. */
const endpointsOf = (text: string): string[] =>
  text
    .replace(/^etcd:\/\//, "")
    .split(",")
    .map((one) => (/^https?:\/\//.test(one) ? one : `http://${one}`));

async function ownTls(certificate: string | undefined, key: string | undefined) {
  if (certificate === undefined && key === undefined) return undefined;
  if (certificate === undefined || key === undefined) {
    throw new Error("Cannot use one of --tls-certificate and --tls-key without the other");
  }
  return { certificate: await readFile(certificate, "utf8"), key: await readFile(key, "utf8") };
}

function hostAndPort(text: string): Place {
  const [, v6, plain, port] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text) ?? [];
  if (port === undefined) throw new Error(`Cannot listen on ${text}: it is not host:port`);
  return { host: (v6 ?? plain)!, port: Number(port) };
}

function kernelArgument(text: string): { name: string; value?: string } {
  const [name = "", ...value] = text.split("=");
  return value.length === 0 ? { name } : { name, value: value.join("=") };
}
