"""`killah export`: compositions for phones, other apps and other people's programs."""
