package genai
