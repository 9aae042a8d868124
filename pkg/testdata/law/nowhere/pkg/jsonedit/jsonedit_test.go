package jsonedit

import _ "github.com/stretchr/testify/require"
