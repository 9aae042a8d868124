// Command simprovider is part of a tree that breaks a rule.
package main

import _ "github.com/signalbox-dev/signalbox/pkg/gatewaytest/provider"
