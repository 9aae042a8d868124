package envoy

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"
)

// Options say how Envoy is run.
type Options struct {
	Binary Binary
	Dir    string   // for its state file and its log, mode 0700
	Config string   // the bootstrap
	Flags  []string // besides those of the supervisor
	Admin  string   // unix:/path or host:port, as the bootstrap says

	// Listen is the host:port that must be free before a fresh start; nil or
	// empty: not checked.
	Listen func() string

	StartTimeout time.Duration // until it must serve; 30 s when 0
	Log          *slog.Logger  // nil: none

	// Ready is called whenever an Envoy has begun to serve, adopted ones
	// included; Gone when one has died that was not told to. Both may be nil.
	Ready func()
	Gone  func(at time.Time)
}

// Supervisor runs one Envoy. Start comes first, then Run; Stop may be called
// while Run runs and ends it. Safe for concurrent use.
type Supervisor struct {
	o     Options
	log   *slog.Logger
	admin *Admin

	mu       sync.Mutex
	now      state
	stopping bool
	stop     chan struct{} // closed when Stop begins
	problem  error
}

// New returns a Supervisor that has started nothing yet.
func New(o Options) *Supervisor {
	if o.StartTimeout <= 0 {
		o.StartTimeout = 30 * time.Second
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Ready == nil {
		o.Ready = func() {}
	}
	if o.Listen == nil {
		o.Listen = func() string { return "" }
	}
	if o.Gone == nil {
		o.Gone = func(time.Time) {}
	}
	return &Supervisor{o: o, log: o.Log, admin: NewAdmin(o.Admin), stop: make(chan struct{})}
}

// Admin is the client of the Envoy's admin endpoint.
func (s *Supervisor) Admin() *Admin { return s.admin }

func (s *Supervisor) file() string { return filepath.Join(s.o.Dir, "envoy.json") }

// Start makes an Envoy serve the configuration: it adopts the one that runs
// with it, replaces one that runs with another, or starts one. It returns when
// Envoy serves. adopted says that it ran before.
func (s *Supervisor) Start(ctx context.Context) (adopted bool, err error) {
	config, err := os.ReadFile(s.o.Config)
	if err != nil {
		return false, fmt.Errorf("envoy's configuration: %w", err)
	}
	want := state{Hash: hash(s.o.Binary, config, s.o.Flags), Binary: s.o.Binary.Version}
	old, ok := load(s.file())
	switch {
	case ok && old.alive() && old.Hash == want.Hash && s.serves(ctx):
		s.set(old)
		s.log.Info("envoy adopted", slog.Int("pid", old.PID))
		s.o.Ready()
		return true, nil
	case ok && old.alive():
		err = s.replace(ctx, old, want)
	default:
		want.Older = living(old.Older) // nobody else knows them
		err = s.fresh(ctx, want)
	}
	if err != nil {
		return false, err
	}
	s.o.Ready()
	return false, nil
}

func (s *Supervisor) serves(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	return s.admin.Ready(ctx) == nil
}

// replace starts a new Envoy that takes over the old one's sockets, while the
// old one finishes what it serves. Where that does not work, the old one has
// to go first.
func (s *Supervisor) replace(ctx context.Context, old, want state) error {
	s.log.Info("envoy runs with another configuration and is replaced", slog.Int("pid", old.PID))
	want.BaseID, want.Epoch = old.BaseID, old.Epoch+1
	want.Older = append([]process{old.process}, living(old.Older)...)
	err := s.launch(ctx, want)
	if err == nil || ctx.Err() != nil {
		return err
	}
	s.log.Warn("envoy's hot restart; it is stopped and started instead", slog.Any("error", err))
	for _, p := range want.Older {
		end(p)
	}
	return s.fresh(ctx, state{Hash: want.Hash, Binary: want.Binary})
}

// living are those of p that still run.
func living(p []process) []process {
	return slices.DeleteFunc(slices.Clone(p), func(p process) bool { return !p.alive() })
}

// fresh starts an Envoy that nobody precedes. The address is tried first: two
// Envoys may share one without noticing.
func (s *Supervisor) fresh(ctx context.Context, want state) error {
	if address := s.o.Listen(); address != "" {
		l, err := net.Listen("tcp", address)
		if err != nil {
			return fmt.Errorf("envoy's address: %w (another program uses it, perhaps another gateway; choose another with envoy.listen)", err)
		}
		l.Close()
	}
	return s.launch(ctx, want)
}

func (s *Supervisor) set(now state) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now, s.problem = now, nil
}

func (s *Supervisor) current() (now state, stopping bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now, s.stopping
}

// Err says what is wrong with Envoy, nil when it runs.
func (s *Supervisor) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.problem != nil:
		return s.problem
	case !s.now.alive():
		return errors.New("envoy does not run")
	}
	return nil
}

// How often Envoy is looked at, and how long to wait before a restart: doubled
// with each death in a row, forgotten after a while of service.
const (
	lookEvery   = 100 * time.Millisecond
	firstWait   = 100 * time.Millisecond
	longestWait = 10 * time.Second
	forgiven    = 30 * time.Second
)

// Run watches Envoy and starts it anew when it dies, until ctx ends or Stop is
// called. It leaves Envoy running.
func (s *Supervisor) Run(ctx context.Context) error {
	wait, since := firstWait, time.Now()
	for s.pause(ctx, lookEvery) {
		now, stopping := s.current()
		if stopping || now.alive() {
			continue
		}
		s.log.Error("envoy died", slog.Int("pid", now.PID), slog.Duration("restart_in", wait))
		s.fail(errors.New("envoy died and is restarted"))
		s.o.Gone(time.Now())
		if time.Since(since) > forgiven {
			wait = firstWait
		}
		for {
			if !s.pause(ctx, wait) {
				return nil
			}
			wait = min(2*wait, longestWait)
			_, err := s.Start(ctx)
			if err == nil {
				break
			}
			s.log.Error("envoy", slog.Any("error", err), slog.Duration("restart_in", wait))
			s.fail(err)
		}
		since = time.Now()
	}
	return nil
}

func (s *Supervisor) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.problem = err
}

// pause waits; false means that the watch is over.
func (s *Supervisor) pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
	case <-s.stop:
	}
	return false
}

// Stop has Envoy finish what runs until ctx ends, and then ends it. What it
// logged is in its files when Stop returns.
func (s *Supervisor) Stop(ctx context.Context) {
	s.mu.Lock()
	if !s.stopping {
		s.stopping = true
		close(s.stop)
	}
	now := s.now
	s.mu.Unlock()
	if now.PID == 0 {
		return
	}
	if now.alive() {
		if err := s.admin.Drain(ctx); err != nil && ctx.Err() == nil {
			s.log.Warn("envoy's drain", slog.Any("error", err))
		}
		s.idle(ctx, now.process)
	}
	// The youngest first: it ends its predecessor, and would look for it long
	// if that were gone.
	for _, p := range append([]process{now.process}, now.Older...) {
		end(p)
	}
	if err := os.Remove(s.file()); err != nil {
		s.log.Warn("envoy's state file", slog.Any("error", err))
	}
}

// idle waits until no request runs.
func (s *Supervisor) idle(ctx context.Context, p process) {
	t := time.NewTicker(50 * time.Millisecond)
	defer t.Stop()
	for p.alive() {
		if n, err := s.admin.Active(ctx); err == nil && n == 0 {
			return
		}
		select {
		case <-ctx.Done():
			s.log.Warn("envoy's running requests are cut: the deadline has passed")
			return
		case <-t.C:
		}
	}
}

// patience is how long a process may take to end before it is killed.
const patience = 3 * time.Second

// end terminates p and waits until it is gone.
func end(p process) {
	p.signal(syscall.SIGTERM)
	for deadline := time.Now().Add(patience); p.alive() && time.Now().Before(deadline); {
		time.Sleep(10 * time.Millisecond)
	}
	p.signal(syscall.SIGKILL)
	for deadline := time.Now().Add(patience); p.alive() && time.Now().Before(deadline); {
		time.Sleep(10 * time.Millisecond)
	}
}
