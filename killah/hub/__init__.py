"""Models as the Hugging Face hub has them: which can be pulled, how, and what their folders hold."""
