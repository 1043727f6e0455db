"""`python -m local.model --output DIR` trains the model and writes DIR/model.tar.gz."""

import argparse
from pathlib import Path

from local.model.data import held_out_rows, training_rows
from local.model.training import accuracy, pack, train


def main() -> None:
    parser = argparse.ArgumentParser("python -m local.model", description=__doc__)
    parser.add_argument("--output", type=Path, required=True, help="directory for model.tar.gz")
    arguments = parser.parse_args()
    rows, held_out = training_rows(), held_out_rows()
    booster = train(rows)
    path = pack(booster, arguments.output)
    share = accuracy(booster, held_out)
    print(f"trained on {len(rows)} rows, {share:.1%} correct on {len(held_out)} held out: {path}")


if __name__ == "__main__":
    main()
