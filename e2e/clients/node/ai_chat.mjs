// The Vercel AI SDK on OpenAI's chat completions and embeddings.

import { checks, openai, sdk, strange } from "./ai_ask.mjs";
import { run } from "./harness.mjs";

await run(sdk, checks(openai.chat, strange().chat));
