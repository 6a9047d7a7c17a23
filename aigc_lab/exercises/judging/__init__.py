"""From an answer to a verdict.

- `exercise`: what an exercise is
- `judge`: the verdict
- `run`: an answer, called with a time limit
- `blank`: was it attempted at all?
- `inputs`: copies of the arguments, and whether they were changed
- `compare`: got against expected
- `gradient`: their gradients
- `behaviour`: does it act like a usual mistake?
- `standin`: what a lesson goes on with
"""
