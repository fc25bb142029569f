"""From findings to one incident with a verdict, a severity and an impact."""
