"""The course's environment, `.venv`. This folder is a program, and runs before anything is installed: `python aigc_lab/commands/environment`.

It uses nothing but Python itself, so its files import each other by their bare names.

- `__main__`: what can be asked for
- `folder`: `.venv` as it is, and when it is made anew
- `packages`: what is installed into it
- `pytorch`: which build of PyTorch, and where it comes from
- `platforms`: the Pythons and machines for which there is one
"""
