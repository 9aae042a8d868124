// Command signalbox is part of a tree that breaks a rule.
package main

import _ "testing/iotest"
