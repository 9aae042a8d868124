// Package page tests the operator's page in a real browser: headless Chromium,
// driven over its pipe. The answers of /admin/v1 are recorded ones in testdata,
// of an invented house at a fixed time.
//
// The tests skip when there is no Chromium; what is found about use without a
// mouse or without sight needs axe (AXE, see scripts/axe.sh). PAGE_SHOTS names
// a folder for the pictures.
package page
