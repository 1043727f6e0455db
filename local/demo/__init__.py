"""`make demo`: the whole pipeline once, with every result checked against what was uploaded."""
