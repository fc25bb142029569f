"""From bytes on the wire to rows worth keeping: unpack, decode, check, hand to the spool.

Read `intake.py` first: it is the whole path, numbered.
"""
