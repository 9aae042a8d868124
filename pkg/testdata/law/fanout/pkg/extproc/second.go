package extproc

import (
	_ "github.com/signalbox-dev/signalbox/pkg/genai"
	_ "github.com/signalbox-dev/signalbox/pkg/stage/read"
)
