// Go's crypto/x509 and crypto/tls are what real Talos peers use. Runs where a Go tool chain is; skipped elsewhere.
import { execFile, execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createAuthority } from "./authority.ts";
import { parseCertificate } from "./certificate.ts";
import { createRequest, parseRequest } from "./certificate-request.ts";
import { createKeyPair, type KeyAlgorithm, readKeyPair } from "./key-pair.ts";

const hasGo = (() => {
  try {
    execFileSync("go", ["version"], { stdio: "ignore" });
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ENOENT";
  }
})();

/** Reads our files, and answers with what Go sees, and with a request of its own. Standard library only. */
const program = String.raw`package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net"
	"os"
)

type input struct{ Algorithm, Authority, Client, ClientKey, Server, ServerKey, Request, DialectKey string }
type output struct {
	Roles, RequestNames                     []string
	Handshake, WrongPurpose, Request, Type string
}

func block(text string) []byte {
	b, _ := pem.Decode([]byte(text))
	return b.Bytes
}

func must[T any](value T, err error) T {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return value
}

func dialect(text string) any {
	b, _ := pem.Decode([]byte(text))
	switch b.Type {
	case "ED25519 PRIVATE KEY":
		return must(x509.ParsePKCS8PrivateKey(b.Bytes))
	case "EC PRIVATE KEY":
		return must(x509.ParseECPrivateKey(b.Bytes))
	default:
		return must(x509.ParsePKCS1PrivateKey(b.Bytes))
	}
}

func handshake(roots *x509.CertPool, server, client tls.Certificate) error {
	a, b := net.Pipe()
	defer a.Close()
	defer b.Close()
	done := make(chan error, 1)
	go func() {
		s := tls.Server(a, &tls.Config{Certificates: []tls.Certificate{server}, ClientCAs: roots, ClientAuth: tls.RequireAndVerifyClientCert})
		err := s.Handshake()
		done <- err
		if err == nil { s.Write([]byte("x")) }
		a.Close()
	}()
	c := tls.Client(b, &tls.Config{Certificates: []tls.Certificate{client}, RootCAs: roots, ServerName: "10.0.0.1"})
	err := c.Handshake()
	if err == nil { _, err = c.Read(make([]byte, 1)) }
	b.Close()
	if serr := <-done; serr != nil { return serr }
	return err
}

func main() {
	var in input
	must(0, json.NewDecoder(os.Stdin).Decode(&in))
	roots := x509.NewCertPool()
	roots.AddCert(must(x509.ParseCertificate(block(in.Authority))))
	client := must(x509.ParseCertificate(block(in.Client)))
	server := must(tls.X509KeyPair([]byte(in.Server), []byte(in.ServerKey)))
	own := must(tls.X509KeyPair([]byte(in.Client), []byte(in.ClientKey)))
	csr := must(x509.ParseCertificateRequest(block(in.Request)))
	must(0, csr.CheckSignature())
	out := output{Roles: client.Subject.Organization, RequestNames: csr.DNSNames, Handshake: fmt.Sprint(handshake(roots, server, own)), WrongPurpose: fmt.Sprint(handshake(roots, server, server))}
	out.Type = fmt.Sprintf("%T", dialect(in.DialectKey))

	var key crypto.Signer
	switch in.Algorithm {
	case "ed25519":
		_, k, _ := ed25519.GenerateKey(rand.Reader)
		key = k
	case "ecdsa-p256":
		key = must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	default:
		key = must(rsa.GenerateKey(rand.Reader, 2048))
	}
	der := must(x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{
		Subject: pkix.Name{CommonName: "node-1", Organization: []string{"os:reader", "os:admin"}}, DNSNames: []string{"node-1"}, IPAddresses: []net.IP{net.ParseIP("fd00::1")},
	}, key))
	out.Request = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der}))
	json.NewEncoder(os.Stdout).Encode(out)
}
`;

interface Seen {
  readonly Roles: readonly string[];
  readonly RequestNames: readonly string[];
  readonly Handshake: string;
  readonly WrongPurpose: string;
  readonly Request: string;
  readonly Type: string;
}

describe.skipIf(!hasGo)("Go", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "pki-go-"));
    await writeFile(join(folder, "main.go"), program);
    await promisify(execFile)("go", ["build", "-o", "judge", "main.go"], { cwd: folder });
  }, 300_000);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const ask = async (input: Record<string, string>): Promise<Seen> => {
    const judged = promisify(execFile)(join(folder, "judge"), []);
    judged.child.stdin?.end(JSON.stringify(input));
    return JSON.parse((await judged).stdout) as Seen;
  };

  test.each([
    { algorithm: "ed25519", type: "ed25519.PrivateKey" },
    { algorithm: "ecdsa-p256", type: "*ecdsa.PrivateKey" },
    { algorithm: "rsa-2048", type: "*rsa.PrivateKey" },
  ] satisfies { algorithm: KeyAlgorithm; type: string }[])(
    "and we read each other's $algorithm",
    async ({ algorithm, type }) => {
      const clock = { now: () => new Date() };
      const ca = await createAuthority({ algorithm, organization: ["talos"], clock });
      const key = await createKeyPair(algorithm);
      const client = await ca.issue({
        organization: ["os:admin", "os:reader"],
        purposes: ["clientAuth"],
        key,
      });
      const server = await ca.issue({ ipAddresses: ["10.0.0.1"], purposes: ["serverAuth"] });
      const seen = await ask({
        Algorithm: algorithm,
        Authority: ca.certificate.pem,
        Client: client.certificate.pem,
        ClientKey: client.key.pkcs8Pem,
        Server: server.certificate.pem,
        ServerKey: server.key.pkcs8Pem,
        Request: createRequest(key, { commonName: "node-1", dnsNames: ["node-1"] }).pem,
        DialectKey: key.pem,
      });
      expect(seen).toMatchObject({
        Roles: ["os:admin", "os:reader"],
        RequestNames: ["node-1"],
        Handshake: "<nil>",
        WrongPurpose: expect.stringContaining("incompatible key usage") as string,
        Type: type,
      });

      const request = parseRequest(seen.Request);
      expect([...request.subject.organization!].sort()).toEqual(["os:admin", "os:reader"]);
      expect(request).toMatchObject({ dnsNames: ["node-1"], ipAddresses: ["fd00::1"] });
      expect(
        parseCertificate(ca.sign(request, { purposes: ["serverAuth"] }).der).isSignedBy(ca.certificate),
      ).toBe(true);
      expect(readKeyPair(key.pem).publicKey.equals(key.publicKey)).toBe(true);
    },
  );
});
