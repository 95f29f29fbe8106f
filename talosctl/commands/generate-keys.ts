// `gen ca`, `crt`, `csr`, `key` and `keypair`: authorities and certificates made by hand. Each is named after what it
// is for, in the folder where the command runs.
import { createHash } from "node:crypto";
import { access, readFile } from "node:fs/promises";
import { isIP } from "node:net";
import { extname } from "node:path";
import { Command } from "commander";
import { createAuthority, openAuthority } from "../../pki/authority.ts";
import { createRequest, parseRequest } from "../../pki/certificate-request.ts";
import { createKeyPair, readKeyPair, spkiOf } from "../../pki/key-pair.ts";
import { hour } from "../../pki/lifetimes.ts";
import { role } from "../../pki/roles.ts";
import { CommandFailed, type Io } from "../io.ts";
import { writeNew } from "../new-file.ts";

interface Options {
  readonly force?: boolean;
}

const generating = (name: string, description: string): Command =>
  new Command(name).description(description).option("-f, --force", "will overwrite existing files");

/** All of them, or none: a key without its certificate helps nobody. */
async function writeAll(files: Readonly<Record<string, string>>, { force }: Options): Promise<void> {
  for (const path of force ? [] : Object.keys(files)) {
    const isThere = await access(path).then(
      () => true,
      () => false,
    );
    if (isThere) throw new CommandFailed(`file "${path}" already exists, use --force to overwrite`);
  }
  for (const [path, text] of Object.entries(files)) await writeNew(path, text, { force });
}

const hours = (text: string) => Number(text) * hour;

function address(text: string): string {
  if (isIP(text) === 0) throw new CommandFailed(`invalid IP: ${text}`);
  return text;
}

const authority = (io: Io): Command =>
  generating("ca", "Generates a self-signed X.509 certificate authority")
    .requiredOption("--organization <name>", "X.509 distinguished name for the Organization")
    .option("--hours <hours>", "from now on which the certificate validity period ends", "87600")
    .option("--rsa", "generate in RSA format")
    .action(async (options: Options & { organization: string; hours: string; rsa?: boolean }) => {
      const { organization } = options;
      const { certificate, key } = await createAuthority({
        organization: [organization],
        algorithm: options.rsa ? "rsa-4096" : "ed25519",
        clock: { now: io.now },
        lifetimeMs: hours(options.hours),
      });
      const digest = createHash("sha256").update(spkiOf(certificate.publicKey)).digest("hex");
      const files = {
        [`${organization}.crt`]: certificate.pem,
        [`${organization}.sha256`]: `sha256:${digest}`,
        [`${organization}.key`]: key.pem,
      };
      await writeAll(files, options);
    });

const keyPair = (io: Io): Command =>
  generating("keypair", "Generates an X.509 Ed25519 key pair")
    .requiredOption("--organization <name>", "X.509 distinguished name for the Organization")
    .option("--ip <address>", "generate the certificate for this IP address")
    .action(async (options: Options & { organization: string; ip?: string }) => {
      const { organization, ip } = options;
      const { certificate, key } = await createAuthority({
        organization: [organization],
        algorithm: "ed25519",
        clock: { now: io.now },
        ...(ip !== undefined && { ipAddresses: [address(ip)] }),
      });
      await writeAll({ [`${organization}.crt`]: certificate.pem, [`${organization}.key`]: key.pem }, options);
    });

const key = (): Command =>
  generating("key", "Generates an Ed25519 private key")
    .requiredOption("--name <name>", "the basename of the generated file")
    .action(async (options: Options & { name: string }) =>
      writeAll({ [`${options.name}.key`]: (await createKeyPair("ed25519")).pem }, options),
    );

const list = (value: string, before: readonly string[] = []) => [...before, ...value.split(",")];

const request = (): Command =>
  generating("csr", "Generates a CSR using an Ed25519 private key")
    .requiredOption("--key <path>", "path to the PEM encoded PRIVATE KEY")
    .requiredOption("--ip <address>", "generate the certificate for this IP address")
    .option("--roles <roles>", `roles (default: ${role.admin})`, list)
    .action(async (options: Options & { key: string; ip: string; roles?: readonly string[] }) => {
      const roles = options.roles ?? [role.admin];
      const known = new Set<string>(Object.values(role));
      const unknown = roles.filter((it) => !known.has(it));
      if (unknown.length > 0) throw new CommandFailed(`unknown roles: ${unknown.join(", ")}`);
      const own = readKeyPair(await readFile(options.key, "utf8"));
      const { pem } = createRequest(own, { organization: [...roles], ipAddresses: [address(options.ip)] });
      const path = `${options.key.slice(0, options.key.length - extname(options.key).length)}.csr`;
      await writeAll({ [path]: pem }, options);
    });

const certificate = (io: Io): Command =>
  generating("crt", "Generates an X.509 Ed25519 certificate")
    .requiredOption("--name <name>", "the basename of the generated file")
    .requiredOption("--ca <path>", "the authority: its PATH.crt and PATH.key")
    .requiredOption("--csr <path>", "path to the PEM encoded CERTIFICATE REQUEST")
    .option("--hours <hours>", "from now on which the certificate validity period ends", "24")
    .action(async (options: Options & { name: string; ca: string; csr: string; hours: string }) => {
      const issuer = openAuthority({
        crt: await readFile(`${options.ca}.crt`, "utf8"),
        key: await readFile(`${options.ca}.key`, "utf8"),
        clock: { now: io.now },
      });
      const asked = parseRequest(await readFile(options.csr, "utf8"));
      // Whoever runs this has both keys, and means what the request says.
      const { pem } = issuer.sign(asked, {
        ...asked.subject,
        ...{ dnsNames: asked.dnsNames, ipAddresses: asked.ipAddresses },
        purposes: ["clientAuth"],
        lifetimeMs: hours(options.hours),
      });
      await writeAll({ [`${options.name}.crt`]: pem }, options);
    });

export const keyCommands = (io: Io): readonly Command[] => [
  ...[authority(io), certificate(io), request(), key(), keyPair(io)],
];
