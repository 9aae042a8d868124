package genai

import _ "os"
