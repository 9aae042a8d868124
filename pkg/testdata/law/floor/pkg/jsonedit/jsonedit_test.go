package jsonedit

import _ "github.com/signalbox-dev/signalbox/pkg/gateway"
