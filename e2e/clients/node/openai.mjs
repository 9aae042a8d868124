// The official OpenAI SDK on chat completions, embeddings and models.

import { VERSION } from "openai/version";
import { run } from "./harness.mjs";
import { answers } from "./openai_answers.mjs";
import { failures } from "./openai_failures.mjs";

await run(`openai ${VERSION}`, { ...answers, ...failures });
