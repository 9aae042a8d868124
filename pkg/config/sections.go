package config

import (
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"
)

func (k *checker) envoy() {
	e, p := k.c.GetEnvoy(), path("envoy")
	k.listen(p.field("listen"), e.GetListen())
	k.endpoint(p.field("admin"), e.GetAdmin())
	k.endpoint(p.field("processor"), e.GetProcessor())
	if e.GetControl() == signalboxv1.EnvoySettings_CONTROL_ADS && e.GetProcessor() != "" && !strings.HasPrefix(e.GetProcessor(), "unix:") {
		k.fail(p.field("control"), "ads hands out credentials, so envoy.processor must be a Unix socket, which only you can reach; make it one, or write files here")
	}
}

func (k *checker) state() {
	s, p := k.c.GetState(), path("state")
	if k.known("envoy.body_limit") && s.GetSessionMemory() < k.c.GetEnvoy().GetBodyLimit() {
		k.fail(p.field("session_memory"), "is smaller than envoy.body_limit, so that the longest request could not be kept; raise it or lower that")
	}
}

func (k *checker) admin() {
	a, p := k.c.GetAdmin(), path("admin")
	if !k.listen(p.field("listen"), a.GetListen()) {
		return
	}
	if a.GetListen() == k.c.GetEnvoy().GetListen() && !strings.HasSuffix(a.GetListen(), ":0") {
		k.fail(p.field("listen"), "is also the address of envoy.listen; choose another port")
	}
	if t := a.GetToken(); t != nil {
		k.oneSource(p.field("token"), t)
	} else if !loopback(a.GetListen()) && k.known(p.field("token")) {
		k.fail(p.field("listen"), "can be reached from other machines, so a token is needed: add admin.token, as token: {env: SIGNALBOX_ADMIN_TOKEN}, or listen on 127.0.0.1")
	}
}

func (k *checker) telemetry() {
	p := path("telemetry").field("otlp").field("endpoint")
	endpoint := k.c.GetTelemetry().GetOtlp().GetEndpoint()
	if strings.Contains(endpoint, "://") {
		k.fail(p, "must be host:port without a scheme, as localhost:4317; insecure: true connects without TLS")
		return
	}
	if endpoint != "" && !hostPort(endpoint) {
		k.fail(p, "must be host:port, as localhost:4317")
	}
}

// alerts checks who is told. What the URL of a sink is, is seen when it is read.
func (k *checker) alerts() {
	sinks := path("alerts").field("sinks")
	for i, s := range k.c.GetAlerts().GetSinks() {
		p := sinks.item(i)
		if u := s.GetUrl(); u != nil {
			k.oneSource(p.field("url"), u)
		}
		if t := s.GetToken(); t != nil {
			k.oneSource(p.field("token"), t)
		}
		distinct(k, p.field("events"), s.GetEvents())
	}
}

// listen checks an address to serve on. Envoy resolves no names there.
func (k *checker) listen(p path, address string) bool {
	host, port, err := net.SplitHostPort(address)
	if err == nil && host == "" {
		k.fail(p, "names no address; write 0.0.0.0:%s for all addresses or 127.0.0.1:%s for this machine alone", port, port)
		return false
	}
	if _, e := netip.ParseAddr(host); err != nil || e != nil || !validPort(port, 0) {
		k.fail(p, "must be an IP address and a port, as 127.0.0.1:10000")
		return false
	}
	return true
}

// endpoint checks an address that may be a socket in the file system.
func (k *checker) endpoint(p path, address string) {
	file, unix := strings.CutPrefix(address, "unix:")
	switch {
	case address == "" || !unix && hostPort(address):
	case !unix:
		k.fail(p, "must be unix:/path or host:port")
	case !strings.HasPrefix(file, "/"):
		k.fail(p, "must have an absolute path, as unix:/run/signalbox.sock")
	case len(file) > maxSocketPath:
		k.fail(p, "has a path of more than %d bytes, which sockets cannot have", maxSocketPath)
	}
}

// maxSocketPath is the longest path of a Unix socket that every system allows:
// 104 bytes with the final zero where it is shortest.
const maxSocketPath = 103

func hostPort(address string) bool {
	host, port, err := net.SplitHostPort(address)
	return err == nil && host != "" && !strings.ContainsAny(host, "/@ ") && validPort(port, 1)
}

func validPort(port string, least uint64) bool {
	n, err := strconv.ParseUint(port, 10, 16)
	return err == nil && n >= least
}

func loopback(address string) bool {
	a, err := netip.ParseAddrPort(address)
	return err == nil && a.Addr().Unmap().IsLoopback()
}

// source is where a secret is read from.
type source interface {
	GetEnv() string
	GetFile() string
	GetCommand() []string
}

// oneSource checks that a reference names exactly one source.
func (k *checker) oneSource(p path, s source) {
	if !k.known(p) {
		return
	}
	n := 0
	for _, given := range []bool{s.GetEnv() != "", s.GetFile() != "", len(s.GetCommand()) > 0} {
		if given {
			n++
		}
	}
	switch {
	case n == 0:
		k.fail(p, "says nowhere to read the secret from; add env: NAME, file: PATH or command: [PROGRAM]")
	case n > 1:
		k.fail(p, "names more than one of env, file and command; keep one")
	}
}

// refreshed checks that only a command has a refresh, and not all the time.
func (k *checker) refreshed(p path, refresh time.Duration, command []string) {
	switch {
	case refresh == 0:
	case len(command) == 0:
		k.fail(p, "is for commands alone; remove it: files are watched, and the environment does not change")
	case refresh < time.Second:
		k.fail(p, "must be 0s or at least 1s")
	}
}
