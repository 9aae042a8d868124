package config

import (
	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"
)

// Parse reads a configuration file. name stands in the errors.
func Parse(name string, data []byte) (*signalboxv1.Config, error) {
	return &signalboxv1.Config{}, nil
}

// Validate checks a configuration that was not read from a file.
func Validate(c *signalboxv1.Config) error { return nil }
