// Package secret holds secrets and the references that they are read from.
//
// Invariants: a Value shows [redacted] wherever it is printed, logged, encoded
// or compared; only Reveal gives its text. No error of this package holds a
// secret, nor what a command wrote. A resolved secret is fit for an HTTP
// header: no control characters, no line ends.
package secret
