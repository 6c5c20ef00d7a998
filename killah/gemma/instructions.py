"""How an instruction about a text is put to a base: with control tokens where its tokenizer has them.

The form is that of plug-and-play personas: instruction, input, output. Training and use share it.
"""

from killah.gemma.tokenizer import Tokenizer

CONTROLS = ("<instruction>", "<input>", "<output>")
IN_WORDS = "### Instruction:\n{instruction}\n\n### Input:\n{text}\n\n### Response:\n"


def instructed(tokenizer: Tokenizer, instruction: str, text: str) -> list[int]:
    """Ids that ask for `instruction` to be done with `text`; what follows them is the answer and `<eos>`."""
    controls = [tokenizer.find(name) for name in CONTROLS]
    if any(control is None for control in controls):
        return tokenizer.encode(IN_WORDS.format(instruction=instruction, text=text))
    begin, middle, end = (control for control in controls if control is not None)
    return [begin, *tokenizer.encode(instruction), middle, *tokenizer.encode(text), end]
