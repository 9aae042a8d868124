package telemetry

import (
	"io"
	"log/slog"
)

// NewLogger returns a logger of the given level ("debug", "info", "warn",
// "error"; anything else is info) that writes text or JSON lines to w.
func NewLogger(w io.Writer, level string, json bool) *slog.Logger {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		l = slog.LevelInfo
	}
	o := &slog.HandlerOptions{Level: l}
	if json {
		return slog.New(slog.NewJSONHandler(w, o))
	}
	return slog.New(slog.NewTextHandler(w, o))
}
