// Package account keeps accounts of decisions: it writes down what a decision
// was made from and what it came to, makes it again from that, and says in words
// why a request went where it went.
//
// Invariants: an account holds names of the configuration, counts, words of
// closed lists and measurements, never content, a header's value or a key. Made
// again by the snapshot that made it, a decision has the same account, byte for
// byte, but for the time that it took.
package account
