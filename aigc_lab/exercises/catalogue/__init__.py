"""The exercises of the course, as data: `catalogue/SUBJECT/NAME.py` holds those on the subject's concept NAME.

Each file has a list `EXERCISES`, and may have a title for the progress page, `LESSON = "11 Collecting data"`. An id, such as
`gan.generator_loss`, never changes; it is looked up in all files (`exercises.lookup`), and a file is imported when an id of it is asked for.
"""
