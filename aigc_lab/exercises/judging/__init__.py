"""From an answer to a verdict.

- `exercise`: what an exercise is
- `judge`: the verdict
- `run`: an answer, called with a time limit
- `blank`: was it attempted at all?
- `inputs`: copies of the arguments, and whether they were changed
- `compare`: got against expected
- `gradient`: their gradients
- `behaviour`: what it does on all cases and properties
- `record`: what it does in the calls that a property makes
- `diagnosis`: which usual mistake that is
- `standin`: what a lesson goes on with
"""
