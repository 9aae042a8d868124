package envoy

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// process is one running Envoy. Start tells it from a later process with the
// same id.
type process struct {
	PID   int    `json:"pid"`
	Start string `json:"start"`
}

// state is what the state file remembers of the Envoy that is ours.
type state struct {
	process
	Hash   string    `json:"hash"`              // of configuration, flags and binary
	BaseID int       `json:"base_id"`           // of its family of hot restarts
	Epoch  int       `json:"epoch"`             // within the family
	Older  []process `json:"older,omitempty"`   // replaced, perhaps still draining
	Binary string    `json:"version,omitempty"` // for whoever reads the file
}

// load reads the state file; a missing or unreadable one is no state.
func load(path string) (state, bool) {
	var s state
	b, err := os.ReadFile(path)
	if err != nil || json.Unmarshal(b, &s) != nil || s.PID <= 0 {
		return state{}, false
	}
	return s, true
}

// save replaces the state file.
func (s state) save(path string) error {
	b, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return fmt.Errorf("envoy's state file: %w", err)
	}
	next := path + ".new"
	if err := os.WriteFile(next, append(b, '\n'), 0o600); err != nil {
		return fmt.Errorf("envoy's state file: %w", err)
	}
	if err := os.Rename(next, path); err != nil {
		return fmt.Errorf("envoy's state file: %w", err)
	}
	return nil
}

// alive reports whether p still runs. A zombie does not.
func (p process) alive() bool {
	if p.PID <= 0 {
		return false
	}
	start, ok := startTime(p.PID)
	return ok && start == p.Start
}

// signal sends sig to p if it still runs.
func (p process) signal(sig syscall.Signal) {
	if p.alive() {
		_ = syscall.Kill(p.PID, sig) // it may just have ended
	}
}

// startTime is when a process started, in the kernel's words: field 22 of
// /proc/PID/stat (proc(5)). Where there is no /proc, all processes that run
// have the empty time.
func startTime(pid int) (string, bool) {
	b, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat("/proc/self"); err == nil {
			return "", false
		}
		return "", syscall.Kill(pid, 0) == nil
	}
	if err != nil {
		return "", false
	}
	s := string(b)
	fields := strings.Fields(s[strings.LastIndexByte(s, ')')+1:]) // from field 3 on
	const status, start = 0, 19                                   // fields 3 and 22
	if len(fields) <= start || fields[status] == "Z" || fields[status] == "X" {
		return "", false
	}
	return fields[start], true
}

// hash tells configurations apart that Envoy would have to be started anew
// for.
func hash(binary Binary, config []byte, flags []string) string {
	h := sha256.New()
	for _, s := range append([]string{binary.Path, binary.Version, string(config)}, flags...) {
		fmt.Fprintf(h, "%d:%s", len(s), s)
	}
	return hex.EncodeToString(h.Sum(nil)[:12])
}
