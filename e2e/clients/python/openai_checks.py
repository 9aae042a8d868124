"""The official OpenAI SDK on chat completions, embeddings and models."""

import openai

import harness
import openai_answers
import openai_failures

__all__ = ["openai_answers", "openai_failures"]  # imported for their checks

harness.run(f"openai {openai.__version__}")
