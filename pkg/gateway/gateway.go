package gateway

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/signalbox-dev/signalbox/pkg/alert"
	"github.com/signalbox-dev/signalbox/pkg/builtin"
	"github.com/signalbox-dev/signalbox/pkg/extproc"
	"github.com/signalbox-dev/signalbox/pkg/key"
	"github.com/signalbox-dev/signalbox/pkg/ledger"
	"github.com/signalbox-dev/signalbox/pkg/pipeline"
	"github.com/signalbox-dev/signalbox/pkg/policy"
	"github.com/signalbox-dev/signalbox/pkg/settle"
	"github.com/signalbox-dev/signalbox/pkg/stage/trace"
	"github.com/signalbox-dev/signalbox/pkg/telemetry"
	"github.com/signalbox-dev/signalbox/pkg/token"
	"github.com/signalbox-dev/signalbox/pkg/view"
	"github.com/signalbox-dev/signalbox/pkg/witness"
	"github.com/signalbox-dev/signalbox/pkg/xds/control"
	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"
)

// Options say how to run.
type Options struct {
	ConfigFile string
	StateDir   string // in place of the configuration's, when not empty
	Version    string
	Supervise  bool          // start and watch an Envoy; else the operator runs one
	Drain      time.Duration // how long running requests may go on at the end
	LogTo      io.Writer
	// Stages, when set, may add to the built-in stages.
	Stages func([]pipeline.Stage) []pipeline.Stage
}

// Gateway is one running process.
type Gateway struct {
	opts    Options
	dir     string
	log     *slog.Logger
	metrics *telemetry.Metrics
	tracer  *telemetry.Tracer
	alerts  *alert.Hub
	ward    *ward
	past    *past
	lengths *lengths
	view    *view.View

	snapshot   atomic.Pointer[policy.Snapshot]
	appendTook atomic.Int64 // nanoseconds, of the last append to the ledger
	connected  atomic.Int64 // Envoys that the control plane serves
	keys       atomic.Pointer[key.Set]

	lock    *os.File
	ledger  *ledger.Log
	before  ledger.Position     // of the first record of this process
	last    *signalboxv1.Offset // how far the proxy's log was read, at start
	books   *Books
	store   *extproc.Store
	server  *extproc.Server
	creds   *credentials
	acks    *acknowledged
	control *control.Control // nil where Envoy reads files
	proxy   *proxy           // nil when the operator runs Envoy and gave no way to ask it
	tail    *witness.Tail
	parser  *witness.Parser // of the goroutine that follows the log

	// of the watching goroutine alone
	loaded     loaded // the last good one
	configInfo os.FileInfo
	configSum  [sha256.Size]byte
	keyInfo    os.FileInfo
	kept       *key.Set // those of the key file
	retired    map[string]retired
	pending    *change // waits for Envoy; nil: none
}

// New prepares everything that can fail before anything is served. The caller
// must Run the gateway, which also closes what New opened.
func New(ctx context.Context, o Options) (*Gateway, error) {
	info, _ := os.Stat(o.ConfigFile) // Load says what is wrong
	data, err := os.ReadFile(o.ConfigFile)
	if err != nil {
		return nil, fmt.Errorf("configuration: %w (name another with -config or SIGNALBOX_CONFIG)", err)
	}
	began := time.Now()
	l, err := loaded{}.next(o.ConfigFile, o.StateDir, data)
	load := view.Load{By: "start", Text: data, Compile: time.Since(began)}
	if err != nil {
		return nil, err
	}
	snap := l.snapshot
	g := &Gateway{opts: o, dir: l.dir, loaded: l, configInfo: info, configSum: sha256.Sum256(data), retired: map[string]retired{}}
	g.log = telemetry.NewLogger(o.LogTo, snap.Telemetry.Log.Level, snap.Telemetry.Log.Format == "json")
	g.metrics = telemetry.NewMetrics()
	if err := g.open(ctx, snap); err != nil {
		return nil, errors.Join(err, g.close(ctx))
	}
	g.keepPolicy(snap.Version, data)
	load.At, load.Version = time.Now(), snap.Version
	g.show(load, l.checked)
	return g, nil
}

func (g *Gateway) open(ctx context.Context, snap *policy.Snapshot) (err error) {
	if err := g.openState(); err != nil {
		return err
	}
	otlp := snap.Telemetry.OTLP
	if g.tracer, err = telemetry.NewTracer(ctx, telemetry.TraceOptions{
		Endpoint: otlp.Endpoint, HTTP: otlp.Protocol == "http", Insecure: otlp.Insecure,
		Sample: snap.Telemetry.Sample, Version: g.opts.Version,
	}); err != nil {
		return err
	}
	if err := g.openAlerts(ctx, snap); err != nil {
		return err
	}
	g.openView(snap)
	g.ward = newWard(g.metrics, g.log, g.alerts, g.view)
	g.past = new(past)
	g.lengths = &lengths{past: g.past}
	set, err := key.Load(KeyFile(g.dir))
	if err != nil {
		return err
	}
	g.kept = set
	g.keyInfo, _ = os.Stat(KeyFile(g.dir))
	g.store = extproc.NewStore(snap.State.SessionMemory)
	if err := g.openBooks(snap); err != nil {
		return err
	}
	g.openControl(snap)
	if err := g.creds.sync(ctx, snap); err != nil {
		return fmt.Errorf("%w\nset what is missing, or take the backend out of %s", err, g.opts.ConfigFile)
	}
	if err := g.openProxy(ctx, snap); err != nil {
		return err
	}
	if err := g.begin(snap); err != nil {
		return err
	}
	g.openTail(snap)
	return g.openServer()
}

// openState makes the state directory and takes its lock: two processes must
// not share one.
func (g *Gateway) openState() error {
	if err := os.MkdirAll(filepath.Join(g.dir, "envoy"), 0o700); err != nil {
		return fmt.Errorf("state directory: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(g.dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("state directory: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return fmt.Errorf("state directory %s is in use by another signalbox; stop that one, or give this one its own with -state", g.dir)
	}
	g.lock = f
	return nil
}

func (g *Gateway) openBooks(snap *policy.Snapshot) error {
	log, recovered, err := ledger.Open(LedgerDir(g.dir), ledger.Options{
		SegmentSize: snap.State.SegmentSize,
		Sync:        snap.State.LedgerSync,
		Now:         time.Now,
		Observe:     g.observeLedger,
	})
	if err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	g.ledger, g.last, g.before = log, recovered.Offset, log.End()
	for _, d := range recovered.Damage {
		g.log.Error("ledger damaged; what is readable was kept", slog.Any("error", d))
	}
	if recovered.TornBytes > 0 {
		g.log.Info("ledger: unfinished last batch cut off", slog.Int64("bytes", recovered.TornBytes))
	}
	g.metrics.LedgerUp.Set(1)
	obs := &observer{metrics: g.metrics, tracer: g.tracer, log: g.log, alerts: g.alerts, ward: g.ward, view: g.view, lengths: g.lengths, forget: g.store.Forget, parents: map[pipeline.Ticket]telemetry.Parent{}}
	book := settle.New(settle.Options{UnknownAfter: snap.State.UnknownAfter, Estimator: new(token.Estimator), Price: g.past.price})
	book.Restore(recovered)
	g.books = &Books{book: book, log: log, observer: obs, metrics: g.metrics, logger: g.log}
	return nil
}

func (g *Gateway) observeLedger(took time.Duration, err error) {
	g.appendTook.Store(int64(took))
	g.metrics.LedgerAppend.Observe(took.Seconds())
	if err != nil {
		g.metrics.LedgerErrors.Inc()
		g.metrics.LedgerUp.Set(0)
		g.alerts.Notify(alert.Event{Kind: alert.LedgerDown, Detail: "is the disk full? the log has the cause"})
		return
	}
	g.metrics.LedgerUp.Set(1)
	g.alerts.Notify(alert.Event{Kind: alert.LedgerDown, Resolved: true})
}

func (g *Gateway) openServer() error {
	dialects := builtin.Table()
	stick, err := sticker(g.dir)
	if err != nil {
		return err
	}
	s := &extproc.Server{
		Snapshot: &g.snapshot,
		Dialect:  builtin.Select(dialects),
		Store:    g.store,
		Books:    g.books,
		Readings: g.books,
		Refused:  func(x *pipeline.Exchange, code string) { trace.Decision(g.tracer, x, code) },
		Opened:   g.books.observer.sampled,
		Facts:    witness.Facts,
		Metrics:  g.metrics,
		Log:      g.log,
	}
	stages := builtin.Stages(builtin.Parts{
		Keys: &g.keys, Acknowledged: g.acks.has, Grade: g.ward.grade, Speed: g.ward.speed, Expect: g.lengths.expect, Stick: stick, Dialects: dialects, Books: g.books, Witness: true, Tracer: g.tracer, Metrics: g.metrics,
	})
	if g.opts.Stages != nil {
		stages = g.opts.Stages(stages)
	}
	p, err := pipeline.New(s.Panicked, stages...)
	s.Pipeline, g.server = p, s
	return err
}

// close releases what open took, the ledger last.
func (g *Gateway) close(ctx context.Context) error {
	var errs []error
	if g.books != nil {
		g.books.Tick(time.Now()) // writes what waits for company
	}
	if g.ledger != nil {
		errs = append(errs, g.ledger.Close())
	}
	errs = append(errs, g.tracer.Close(ctx))
	if g.lock != nil {
		errs = append(errs, g.lock.Close())
	}
	return errors.Join(errs...)
}
