package key
