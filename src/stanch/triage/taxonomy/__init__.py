"""Taxonomies: ATLAS, OWASP and NIST ids for what we saw, each with its version or edition."""
