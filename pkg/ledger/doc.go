// Package ledger is the append log of what happened: one frame for every
// request that was opened, every attempt and every end, in segments of a
// directory, and the reports that are read from them.
//
//	NNNNNNNNNNNN.log = header, frame, frame, …
//	header = magic (8) version (4) number (8) salt (8) CRC32C of these (4)
//	frame  = length of the payload (4) CRC32C of salt, kind and payload (4) kind (1) payload
//
// Numbers are little endian. The payload is a message of record.proto. The
// kind's high bit says that the frames of its batch go on, the next one that
// the frame is a copy of one in an earlier segment. The salt is random, so
// that nothing inside a payload can pass for a frame.
//
// Invariants:
//   - a batch is in the log as a whole or not at all, whatever byte a crash
//     cuts the file at;
//   - what Append acknowledged survives the death of the process at once, and
//     the death of the machine after the sync interval;
//   - a segment that has its final name begins with everything that recovery
//     needs (running requests, sightings, unwitnessed ends, the last offset), so
//     recovery reads the last segment only;
//   - only an unfinished end of the last segment is ever cut; every other
//     damage is reported with its place, is left as it is, and hides no
//     record behind it.
package ledger
