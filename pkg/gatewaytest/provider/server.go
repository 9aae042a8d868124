package provider

import (
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// Server is a provider behind a loopback listener that speaks HTTP/1 and
// HTTP/2 without TLS (prior knowledge).
type Server struct {
	*Provider
	URL  string // base URL with the base path: what a gateway's base_url wants
	Addr string // host:port

	mu   sync.Mutex
	http *http.Server
	wait sync.WaitGroup
}

// Serve starts a provider on addr; an empty addr is a free port on loopback.
func Serve(o Options, addr string) (*Server, error) {
	p, err := New(o)
	if err != nil {
		return nil, err
	}
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	s := &Server{Provider: p, Addr: addr}
	if err := s.Resume(); err != nil {
		return nil, errors.Join(err, p.journal.close())
	}
	s.URL = "http://" + s.Addr + p.o.BasePath
	return s, nil
}

// Resume listens, again after Suspend and on the same port.
func (s *Server) Resume() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.http != nil {
		return nil
	}
	l, err := net.Listen("tcp", s.Addr)
	if err != nil {
		return err
	}
	s.Addr = l.Addr().String()
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	srv := &http.Server{
		Handler: s.Provider, Protocols: protocols, ReadHeaderTimeout: 10 * time.Second,
		HTTP2:    &http.HTTP2Config{MaxConcurrentStreams: 10000},
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
	}
	s.http = srv
	s.wait.Go(func() { srv.Serve(l) }) //nolint:errcheck // ends with ErrServerClosed
	return nil
}

// Suspend closes the port and every connection: connections are refused from
// then on.
func (s *Server) Suspend() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.http == nil {
		return nil
	}
	err := s.http.Close()
	s.http = nil
	s.wait.Wait()
	return err
}

// Close stops the server and closes its journal file.
func (s *Server) Close() error { return errors.Join(s.Suspend(), s.journal.close()) }
