"""From a verdict to what the student reads.

- `wording`: which sentences
- `abbreviate`: large values in few characters
- `panel`: HTML and its plain twin
"""
