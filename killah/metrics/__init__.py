"""What "good" means, as pure functions with test vectors. Arrays and text in, numbers out."""
