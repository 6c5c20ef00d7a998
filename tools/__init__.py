"""What builds the shipped models and measures Killah."""
