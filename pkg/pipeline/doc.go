// Package pipeline carries one exchange through the ordered stages that
// decide, watch and change it. It knows no wire protocol: a host (the ext_proc
// server today) feeds it the phases of an exchange and renders what the stages
// recorded.
//
//	host ──phase──▶ Pipeline ──▶ stage, stage, stage ──records──▶ Exchange
//	host ◀──────────────── renders the records ────────────────── Exchange
//
// Invariants:
//   - each section of the Exchange is written by one stage and read only by
//     later ones; New refuses an order in which that does not hold;
//   - a stage states what it needs of an answer for each exchange anew; nothing
//     asked for means that the host leaves after the answer's head;
//   - a panic in a stage becomes an Internal fault of that exchange alone.
package pipeline
