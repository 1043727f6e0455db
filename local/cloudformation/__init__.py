"""A template as CloudFormation evaluates it, for every combination of parameters that matters."""
