"""Files that others wrote, as events: `files.read_file` looks inside and picks the reader.

Each reader is one small module that turns one foreign shape into rows of ours; none of them checks
anything, because the rows go through the same door as all others.
"""
