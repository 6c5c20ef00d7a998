"""The owner's documents: read, cut into passages, embedded, stored, found again. Knows no language model."""
