package xds

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"
)

// authority signs certificates.
type authority struct {
	t    *testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	file string
}

func newAuthority(t *testing.T) *authority {
	a := &authority{t: t, file: filepath.Join(t.TempDir(), "ca.pem")}
	a.key = newKey(t)
	a.cert = a.sign(&x509.Certificate{Subject: pkix.Name{CommonName: "lab"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}, &a.key.PublicKey)
	put(t, a.file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw}))
	return a
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func (a *authority) sign(c *x509.Certificate, key *ecdsa.PublicKey) *x509.Certificate {
	a.t.Helper()
	c.SerialNumber, c.NotBefore, c.NotAfter = big.NewInt(time.Now().UnixNano()), time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	parent := a.cert
	if parent == nil {
		parent = c
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, key, a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		a.t.Fatal(err)
	}
	return cert
}

// serve starts a provider with a certificate for name and returns its port.
func (a *authority) serve(name string, h http.HandlerFunc) uint32 {
	a.t.Helper()
	key := newKey(a.t)
	cert := a.sign(&x509.Certificate{Subject: pkix.Name{CommonName: name}, DNSNames: []string{name}}, &key.PublicKey)
	s := httptest.NewUnstartedServer(h)
	s.EnableHTTP2 = true
	s.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{cert.Raw}, PrivateKey: key}}}
	s.StartTLS()
	a.t.Cleanup(s.Close)
	_, port, err := hostPort(s.Listener.Addr().String())
	if err != nil {
		a.t.Fatal(err)
	}
	return port
}

func TestProvidersAreVerified(t *testing.T) {
	a, stranger := newAuthority(t), newAuthority(t)
	var name, proto string
	h := func(w http.ResponseWriter, r *http.Request) { name, proto = r.TLS.ServerName, r.Proto }
	ports := map[string]uint32{"good": a.serve("localhost", h), "othername": a.serve("other.example", h), "otherca": stranger.serve("localhost", h)}
	l := newLab(t, map[string]string{"good": "localhost:1", "othername": "localhost:1", "otherca": "localhost:1"}, func(in *Input) {
		in.CAFile = a.file
		for name, port := range ports {
			in.Snapshot.Backends[name].Scheme, in.Snapshot.Backends[name].Port = "https", port
		}
	})
	resp, body := l.post(`{}`, "x-lab-order", "good")
	if resp.StatusCode != 200 || name != "localhost" || proto != "HTTP/2.0" {
		t.Errorf("good: %d %s, server name %q, %s", resp.StatusCode, body, name, proto)
	}
	for _, bad := range []string{"othername", "otherca"} {
		resp, body := l.post(`{}`, "x-lab-order", bad)
		checkError(t, bad, resp, body, 503, "provider_unreachable")
		resp, _ = l.post(`{}`, "x-lab-order", bad+",good~")
		if resp.StatusCode != 200 {
			t.Errorf("%s does not fail over: %d", bad, resp.StatusCode)
		}
	}
}
