"""Trains the shipped base model from raw text: corpus, tokenizer, rows, training loop."""
