"""A composition as a GGUF file, for llama.cpp and what is built on it; and read back, to compare it."""
