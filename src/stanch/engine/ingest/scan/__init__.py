"""JSON to columns in one compiled pass that holds no lock; what is unusual goes the careful way."""
