// Package envoy finds, starts and watches over an Envoy of our own: it adopts
// one that still runs from before, restarts one that died, and stops it in
// order. It knows nothing of what the configuration says.
//
//	Find ─▶ Binary ─▶ Supervisor ─Start─▶ adopt | replace | start
//	                      │ Run: watch, restart with back-off
//	                      └ Stop: drain, terminate, kill
//
// Invariants: Envoy runs in a session of its own and writes to files, so that
// our death, however sudden, leaves it serving; the state file beside its
// configuration says which process is ours, by process id and start time, and
// with which configuration it runs; a process that is not ours is never
// signalled.
package envoy
