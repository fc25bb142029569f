"""The algebra of detection: exact, mergeable counts on bins that the reference has fixed.

`plan` says what is counted, `columns` is what the shell hands in, `summary` counts rows of one
asset, `ledger` counts rows of each principal, `record` keeps discrete events. Each of the three has
`merge`, `to_bytes` and `from_bytes`, and the bytes do not depend on how the rows were sharded.
"""
