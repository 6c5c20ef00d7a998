from killah.persona.readers.md import read


def text(data):
    return read(data).text


SOURCE = b"""---
title: Secret front matter
---
# The *walk*

We went to [the sea](https://example.org/secret) and it was **cold**,
very `cold` indeed.[^1]

- one gull
- two gulls

```python
secret_code()
```

> Somebody else's words.

| secret | table |
|---|---|
| a | b |

![secret picture](x.png) <span>After</span> it rained.

[^1]: As ever.
"""


def test_prose_is_kept_and_everything_else_left_out():
    assert text(SOURCE).split("\n\n") == [
        "The walk",
        "We went to the sea and it was cold, very cold indeed.",
        "one gull",
        "two gulls",
        "After it rained.",
        "As ever.",
    ]


def test_a_rule_at_the_top_is_not_front_matter_without_its_end():
    assert text(b"---\n\nWords.") == "Words."
