package control

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/signalbox-dev/signalbox/pkg/dialect/openai"
	"github.com/signalbox-dev/signalbox/pkg/policy"
	"github.com/signalbox-dev/signalbox/pkg/secret"
	"github.com/signalbox-dev/signalbox/pkg/xds"
)

// peer is an Envoy as seen by its control plane.
type peer struct {
	t  *testing.T
	st discoveryv3.AggregatedDiscoveryService_DeltaAggregatedResourcesClient
}

func serve(t *testing.T, c *Control) (connect func() *peer) {
	t.Helper()
	l, err := net.Listen("unix", t.TempDir()+"/s")
	if err != nil {
		t.Fatal(err)
	}
	s := grpc.NewServer()
	c.Register(s)
	go s.Serve(l) //nolint:errcheck // ends with Stop
	t.Cleanup(s.Stop)
	conn, err := grpc.NewClient("unix:"+l.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return func() *peer {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		t.Cleanup(cancel)
		st, err := discoveryv3.NewAggregatedDiscoveryServiceClient(conn).DeltaAggregatedResources(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return &peer{t, st}
	}
}

func (p *peer) send(q *discoveryv3.DeltaDiscoveryRequest) {
	p.t.Helper()
	if err := p.st.Send(q); err != nil {
		p.t.Fatal(err)
	}
}

// ask subscribes to a kind and has versions already.
func (p *peer) ask(k xds.Kind, has map[string]string, names ...string) {
	p.t.Helper()
	p.send(&discoveryv3.DeltaDiscoveryRequest{TypeUrl: typeURL(k), InitialResourceVersions: has, ResourceNamesSubscribe: names})
}

// next is what comes, by name; the answer is left to the caller.
func (p *peer) next() (*discoveryv3.DeltaDiscoveryResponse, []string) {
	p.t.Helper()
	r, err := p.st.Recv()
	if err != nil {
		p.t.Fatal(err)
	}
	var names []string
	for _, x := range r.GetResources() {
		names = append(names, x.GetName())
	}
	slices.Sort(names)
	return r, names
}

func (p *peer) answer(r *discoveryv3.DeltaDiscoveryResponse, refusal string) {
	p.t.Helper()
	q := &discoveryv3.DeltaDiscoveryRequest{TypeUrl: r.GetTypeUrl(), ResponseNonce: r.GetNonce()}
	if refusal != "" {
		q.ErrorDetail = &status.Status{Code: 3, Message: refusal}
	}
	p.send(q)
}

func resources(t *testing.T, backends ...string) []xds.Resource {
	t.Helper()
	s := &policy.Snapshot{Version: "v", Backends: map[string]*policy.Backend{}, Envoy: policy.Envoy{Listen: "127.0.0.1:1", BodyLimit: 1 << 20, Lua: true, Control: true}}
	for _, text := range backends {
		name, host, _ := strings.Cut(text, "=")
		s.Backends[name] = &policy.Backend{Name: name, Scheme: "https", Host: host + ".example", Port: 443, Credential: secret.Ref{Env: "X"}, CredentialHeader: "authorization", ConnectTimeout: time.Second}
	}
	all, err := xds.Resources(xds.Input{Snapshot: s, Dir: "/d", Processor: "unix:/p", UsagePaths: openai.New().Usage.Paths(), CAFile: "/ca", Control: true})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func set(t *testing.T, c *Control, want bool, backends ...string) {
	t.Helper()
	if changed, err := c.Set("v", resources(t, backends...)); err != nil || changed != want {
		t.Fatalf("%v: changed %v %v", backends, changed, err)
	}
}

func settles(t *testing.T, c *Control) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	return c.Settled(ctx)
}

func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

// A cluster counts once Envoy has taken it; a change alone is sent.
func TestTaken(t *testing.T) {
	c := New(Options{})
	set(t, c, true, "a")
	p := serve(t, c)()
	p.ask(xds.KindCluster, nil)
	r, names := p.next()
	same(t, "sent first", names, []string{"a", "a~"})
	if names, known := c.Clusters(); known {
		t.Errorf("before the answer: %v", names)
	}
	p.answer(r, "")
	p.ask(xds.KindListener, nil)
	l, names := p.next()
	same(t, "listeners", names, []string{"signalbox", "signalbox.shadow"})
	p.answer(l, "")
	if err := settles(t, c); err != nil {
		t.Fatal(err)
	}
	taken, known := c.Clusters()
	same(t, "taken", taken, []string{"a", "a~"})
	if !known {
		t.Error("not known")
	}
	set(t, c, false, "a")
	set(t, c, true, "b", "a=elsewhere")
	r, names = p.next()
	same(t, "sent then", names, []string{"a", "a~", "b", "b~"})
	wait := make(chan error, 1)
	go func() { wait <- settles(t, c) }()
	p.answer(r, "")
	if err := <-wait; err != nil {
		t.Fatal(err)
	}
	set(t, c, true, "b")
	r, names = p.next()
	same(t, "sent last", names, nil)
	same(t, "removed", slices.Sorted(slices.Values(r.GetRemovedResources())), []string{"a", "a~"})
}

// A refusal is told, and is over when it is taken back.
func TestRefused(t *testing.T) {
	c := New(Options{})
	set(t, c, true, "a")
	p := serve(t, c)()
	p.ask(xds.KindCluster, nil)
	r, _ := p.next()
	p.answer(r, "")
	set(t, c, true, "a", "b")
	r, _ = p.next()
	p.answer(r, "b is\n wrong")
	if err := settles(t, c); !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "clusters: b is wrong") {
		t.Fatalf("refused: %v", err)
	}
	taken, _ := c.Clusters()
	same(t, "taken", taken, []string{"a", "a~"})
	set(t, c, true, "a")
	if err := c.Err(); err != nil {
		t.Errorf("taken back: %v", err)
	}
	r, _ = p.next()
	p.answer(r, "")
	if err := settles(t, c); err != nil {
		t.Error(err)
	}
}

// An Envoy that comes back with all it had is sent nothing and serves at once.
func TestComesBack(t *testing.T) {
	c := New(Options{})
	set(t, c, true, "a")
	connect := serve(t, c)
	first := connect()
	first.ask(xds.KindCluster, nil)
	r, _ := first.next()
	first.answer(r, "")
	had := map[string]string{}
	for _, x := range r.GetResources() {
		had[x.GetName()] = x.GetVersion()
	}
	if err := first.st.CloseSend(); err != nil {
		t.Fatal(err)
	}
	again := New(Options{}) // another process
	set(t, again, true, "a")
	p := serve(t, again)()
	p.ask(xds.KindCluster, had, "*")
	r, names := p.next()
	same(t, "sent", names, nil)
	p.answer(r, "")
	taken, known := again.Clusters()
	same(t, "taken", taken, []string{"a", "a~"})
	if err := settles(t, again); err != nil || !known {
		t.Errorf("settled: %v %v", known, err)
	}
}

// While one Envoy takes over from another, a cluster counts that both have; one
// that has none yet takes no callers and does not count.
func TestTwoEnvoys(t *testing.T) {
	c := New(Options{})
	set(t, c, true, "a")
	connect := serve(t, c)
	old := connect()
	old.ask(xds.KindCluster, nil)
	r, _ := old.next()
	old.answer(r, "")
	young := connect()
	young.ask(xds.KindCluster, nil)
	y, _ := young.next()
	if err := settles(t, c); err != nil {
		t.Error(err)
	}
	taken, _ := c.Clusters()
	same(t, "while it starts", taken, []string{"a", "a~"})
	young.answer(y, "")
	set(t, c, true, "a", "b")
	y, _ = young.next()
	r, _ = old.next()
	young.answer(y, "")
	taken, _ = c.Clusters()
	same(t, "one has more", taken, []string{"a", "a~"})
	old.answer(r, "")
	if err := settles(t, c); err != nil {
		t.Error(err)
	}
	taken, _ = c.Clusters()
	same(t, "both have it", taken, []string{"a", "a~", "b", "b~"})
}

// A credential goes to whoever asks for it, and what is said of it stays here.
func TestCredential(t *testing.T) {
	c := New(Options{})
	give := func(text string) {
		t.Helper()
		r, err := xds.SecretResource("a", secret.New(text), "Bearer ")
		if err != nil {
			t.Fatal(err)
		}
		if err := c.SetSecret(r); err != nil {
			t.Fatal(err)
		}
	}
	give("k-1")
	set(t, c, true, "a")
	p := serve(t, c)()
	p.ask(xds.KindCluster, nil)
	r, _ := p.next()
	p.answer(r, "")
	p.ask(xds.KindSecret, nil, "a")
	r, names := p.next()
	same(t, "sent", names, []string{"a"})
	if !strings.Contains(string(r.GetResources()[0].GetResource().GetValue()), "Bearer k-1") {
		t.Error("another credential was sent")
	}
	p.answer(r, "")
	give("k-2")
	set(t, c, true, "a")
	r, _ = p.next()
	p.answer(r, "k-2 is wrong")
	if err := settles(t, c); !errors.Is(err, ErrRefused) || strings.Contains(err.Error(), "k-2") {
		t.Errorf("refused: %v", err)
	}
}

func BenchmarkSet(b *testing.B) {
	var names []string
	for i := range 64 {
		names = append(names, "b"+string(rune('a'+i/26))+string(rune('a'+i%26)))
	}
	t := &testing.T{}
	one, two := resources(t, names...), resources(t, append(names, "new")...)
	c := New(Options{})
	for b.Loop() {
		for _, all := range [][]xds.Resource{one, two} {
			if _, err := c.Set("v", all); err != nil {
				b.Fatal(err)
			}
		}
	}
}
