// The set of keys.

package key
