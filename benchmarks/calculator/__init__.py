"""What a month of the relay and of everything around it costs: `make cost`.

docs/explanation/cost.md describes the calculation.
"""
