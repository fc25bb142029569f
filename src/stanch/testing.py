"""Fakes and builders for the tests of people who extend stanch."""
