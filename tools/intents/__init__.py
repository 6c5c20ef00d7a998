"""Makes what the spoken commands ship: lists of ordinary words, and the model of intents."""
