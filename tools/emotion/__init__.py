"""The classifier of emotions: measured layer by layer, chosen over training speakers, shipped."""
