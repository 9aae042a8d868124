package extproc

import (
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/mem"

	"github.com/signalbox-dev/signalbox/pkg/pipeline"
)

const shards = 32

// Store keeps the sessions that a retry may still ask for, by ticket, and
// bounds the bytes of the bodies that they hold. Safe for concurrent use.
type Store struct {
	limit  int64
	bytes  atomic.Int64
	count  atomic.Int64
	shards [shards]shard
}

type shard struct {
	mu   sync.Mutex
	kept map[pipeline.Ticket]*kept
}

// kept is an exchange whose attempts may still need its body. Its fields are
// read by the attempt filter's streams under mu.
type kept struct {
	mu      sync.Mutex
	x       *pipeline.Exchange
	buf     mem.Buffer // what x.Body points into; nil once freed
	size    int64
	expires time.Time
}

// NewStore returns a store that keeps at most limit bytes of bodies.
func NewStore(limit int64) *Store {
	s := &Store{limit: limit}
	for i := range s.shards {
		s.shards[i].kept = make(map[pipeline.Ticket]*kept)
	}
	return s
}

// Bytes is how many bytes of bodies the store holds or has set aside.
func (s *Store) Bytes() int64 { return s.bytes.Load() }

// Len is how many sessions the store holds.
func (s *Store) Len() int64 { return s.count.Load() }

// reserve sets n bytes aside; false when that would pass the limit.
func (s *Store) reserve(n int64) bool {
	if s.bytes.Add(n) <= s.limit {
		return true
	}
	s.bytes.Add(-n)
	return false
}

// release gives back what reserve set aside for a session that is not kept.
func (s *Store) release(n int64) { s.bytes.Add(-n) }

// put keeps x and the buffer of its body until forget or expiry; its bytes
// must have been reserved.
func (s *Store) put(x *pipeline.Exchange, buf mem.Buffer, expires time.Time) {
	k := &kept{x: x, buf: buf, size: int64(len(x.Body)), expires: expires}
	sh := s.shard(x.Ticket)
	sh.mu.Lock()
	sh.kept[x.Ticket] = k
	sh.mu.Unlock()
	s.count.Add(1)
}

// get returns the session of t, nil when there is none.
func (s *Store) get(t pipeline.Ticket) *kept {
	sh := s.shard(t)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	return sh.kept[t]
}

// Forget frees the session of t: no retry can come any more. A ticket that is
// not there is no error.
func (s *Store) Forget(t pipeline.Ticket) {
	sh := s.shard(t)
	sh.mu.Lock()
	k := sh.kept[t]
	delete(sh.kept, t)
	sh.mu.Unlock()
	if k != nil {
		s.drop(k)
	}
}

// Sweep forgets the sessions that expired before now.
func (s *Store) Sweep(now time.Time) {
	for i := range s.shards {
		for _, k := range s.shards[i].expired(now) {
			s.drop(k)
		}
	}
}

func (sh *shard) expired(now time.Time) (old []*kept) {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	for t, k := range sh.kept {
		if now.After(k.expires) {
			old = append(old, k)
			delete(sh.kept, t)
		}
	}
	return old
}

func (s *Store) drop(k *kept) {
	k.mu.Lock()
	k.buf.Free()
	k.buf, k.x = nil, nil
	k.mu.Unlock()
	s.bytes.Add(-k.size)
	s.count.Add(-1)
}

func (s *Store) shard(t pipeline.Ticket) *shard { return &s.shards[t[0]%shards] }
