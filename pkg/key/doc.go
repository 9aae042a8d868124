// Package key keeps virtual keys: the keys by which callers of the gateway are
// known. A key is 256 random bits, shown once when it is made; the file holds
// its SHA-256 alone.
//
// Invariants: the text of a key is in no Key, Set, file or error. A Set never
// changes; whoever wants later keys loads another. The file is replaced in one
// step under a lock, so that readers see a whole file and no writer undoes
// what another wrote. A file that cannot be read in whole gives no Set at all.
package key
