"""The nouns of stanch: frozen values that every other room speaks. Standard library only."""
