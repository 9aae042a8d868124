// The Vercel AI SDK with its default for OpenAI: the Responses API.

import { checks, openai, sdk, strange } from "./ai_ask.mjs";
import { run } from "./harness.mjs";

const { embeddings, "embeddings-refused": refused, ...own } = checks(openai, strange(), [8, 6000]); // those of the chat front
await run(sdk, own);
