package witness

import (
	"context"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"
)

// watcher wakes its reader when the file or one beside it changes. Without
// notifications it only lets time pass.
type watcher struct {
	w    *fsnotify.Watcher
	path string
}

// watch watches the directory: the file itself comes and goes.
func watch(path string, log *slog.Logger) watcher {
	w, err := fsnotify.NewWatcher()
	if err == nil {
		if err = w.Add(filepath.Dir(path)); err != nil {
			w.Close()
		}
	}
	if err != nil {
		log.Warn("access log is polled", slog.Any("error", err))
		return watcher{}
	}
	return watcher{w, path}
}

func (w watcher) close() {
	if w.w != nil {
		w.w.Close()
	}
}

// wait returns true when there may be something new, false when ctx has ended.
func (w watcher) wait(ctx context.Context, poll time.Duration) bool {
	t := time.NewTimer(poll)
	defer t.Stop()
	var events chan fsnotify.Event
	var errs chan error
	if w.w != nil {
		events, errs = w.w.Events, w.w.Errors
	}
	for {
		select {
		case <-ctx.Done():
			return false
		case <-t.C:
			return true
		case e := <-events:
			if e.Name == w.path {
				w.settle()
				return true
			}
		case <-errs: // an overflow: look
			return true
		}
	}
}

// settle drops the events that are waiting: one look serves them all.
func (w watcher) settle() {
	for {
		select {
		case <-w.w.Events:
		default:
			return
		}
	}
}
