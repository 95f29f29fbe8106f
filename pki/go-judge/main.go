// Reads our certificates, keys and requests, and answers with what Go sees, and with a request of its own.
package main

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
	Roles, RequestNames                    []string
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
		if err == nil {
			s.Write([]byte("x"))
		}
		a.Close()
	}()
	c := tls.Client(b, &tls.Config{Certificates: []tls.Certificate{client}, RootCAs: roots, ServerName: "10.0.0.1"})
	err := c.Handshake()
	if err == nil {
		_, err = c.Read(make([]byte, 1))
	}
	b.Close()
	if serr := <-done; serr != nil {
		return serr
	}
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
