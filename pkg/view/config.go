package view

import "time"

// config is what is known of the configurations since the start.
type config struct {
	current Load
}

// Load is a configuration that was put in force.
type Load struct {
	At      time.Time
	Version string
}
