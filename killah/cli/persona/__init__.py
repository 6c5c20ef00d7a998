"""`killah persona`: what is known of a writer, how much it helps, and what it can be trained into."""
