"""What makes ear-nano, the shipped speech encoder: speech, real and synthetic, and CTC training."""
