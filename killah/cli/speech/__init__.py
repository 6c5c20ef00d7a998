"""`killah dictate`, `transcribe`, `speak` and `talk`: what is heard and said in a terminal."""
