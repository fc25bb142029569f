"""Who must be told what by when, and the documents that tell them."""
