// Certificates for tests, made by openssl: a judge of TLS that shares no code with ours.
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

/** A certificate and its key: the files, and what is in them. */
export interface TestCertificate {
  readonly certificateFile: string;
  readonly keyFile: string;
  readonly certificate: string;
  readonly key: string;
}

export interface TestAuthority extends TestCertificate, AsyncDisposable {
  /** For a server on loopback and for a client alike. */
  issue(name: string): Promise<TestCertificate>;
}

const run = promisify(execFile);

export async function makeTestAuthority(): Promise<TestAuthority> {
  const folder = await mkdtemp(join(tmpdir(), "certificates-"));
  const openssl = (...words: string[]) => run("openssl", words, { cwd: folder });
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc"];

  async function files(name: string): Promise<TestCertificate> {
    const certificateFile = join(folder, `${name}.crt`);
    const keyFile = join(folder, `${name}.key`);
    const [certificate, key] = await Promise.all([
      readFile(certificateFile, "utf8"),
      readFile(keyFile, "utf8"),
    ]);
    return { certificateFile, keyFile, certificate, key };
  }

  const out = (name: string) => ["-keyout", `${name}.key`, "-out", `${name}.crt`];
  await openssl("req", "-x509", ...newKey, "-days", "2", "-subj", "/O=authority", ...out("authority"));
  return {
    ...(await files("authority")),
    issue: async (name) => {
      await writeFile(
        join(folder, `${name}.ext`),
        "subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n",
      );
      await openssl("req", ...newKey, "-subj", `/O=${name}`, "-keyout", `${name}.key`, "-out", `${name}.csr`);
      const signed = ["-CA", "authority.crt", "-CAkey", "authority.key", "-CAcreateserial", "-days", "2"];
      await openssl(
        "x509",
        "-req",
        "-in",
        `${name}.csr`,
        ...signed,
        "-extfile",
        `${name}.ext`,
        "-out",
        `${name}.crt`,
      );
      return files(name);
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
}
