// Package jsonedit reads JSON documents where they lie and edits them by
// splicing, so that every byte nobody meant to change stays as the caller wrote
// it. Nothing is decoded into Go values and nothing is re-encoded.
//
// Parse makes one strict pass (RFC 8259) over a whole document and indexes the
// members of its top-level object; Set, Remove and Changes give Edits, and
// Splice writes the edited document.
//
// Invariants:
//   - A document that Parse accepts reads the same in every JSON parser: no
//     invalid UTF-8, no lone surrogates, no byte order mark, nothing behind the
//     value. Doubled names are left to the caller, see Object.Duplicate.
//   - Names are compared as they decode: "mod\u0065l" is "model".
//   - Time is linear in the document, nesting ends at MaxDepth and an index at
//     MaxMembers. With a reused buffer nothing is allocated.
//   - An error says where and why, never what: no Reason holds a document's
//     bytes, and types that hold documents print as "[redacted n bytes]".
//
// Find, Index, Len and Items are for answers that others wrote: they hold to
// the grammar but let invalid UTF-8 and lone surrogates pass, because an
// answer's numbers count even when its text is damaged. A lone surrogate decodes
// to U+FFFD, invalid UTF-8 to itself.
package jsonedit
