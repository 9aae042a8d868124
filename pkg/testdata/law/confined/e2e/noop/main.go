// Command noop is part of a tree that breaks a rule.
package main

import _ "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"
