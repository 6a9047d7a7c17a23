"""The exercises of the course, as data: `catalogue/SUBJECT/NAME.py` holds exercises whose ids begin with `NAME.`

Each file has a list `EXERCISES`, and may have a title for the progress page, `LESSON = "11 Collecting data"`. An id is looked up in all
files (`exercises.lookup`); a file is imported when an id of it is asked for.
"""
