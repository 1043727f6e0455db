import json
from importlib.resources import files

import pytest
from relay.errors import ConfigurationError
from relay.provisioning import images

# Published addresses: the SageMaker Developer Guide's registry paths and the list of available
# Deep Learning Containers.
KNOWN = [
    (
        ("xgboost", "0.90-1", "us-east-1", "ml.m5.large"),
        "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:0.90-1-cpu-py3",
    ),
    (
        ("xgboost", "1.0-1", "eu-west-1", "ml.c5.xlarge"),
        "141502667606.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-xgboost:1.0-1-cpu-py3",
    ),
    (
        ("xgboost", "1.7-1", "us-east-2", "ml.m5.large"),
        "257758044811.dkr.ecr.us-east-2.amazonaws.com/sagemaker-xgboost:1.7-1",
    ),
    (
        ("xgboost", "3.2-0", "us-west-2", "ml.g5.xlarge"),
        "246618743249.dkr.ecr.us-west-2.amazonaws.com/sagemaker-xgboost:3.2-0",
    ),
    (
        ("xgboost", "1.7-1", "cn-north-1", "ml.m5.large"),
        "450853457545.dkr.ecr.cn-north-1.amazonaws.com.cn/sagemaker-xgboost:1.7-1",
    ),
    (
        ("xgboost", "1.5-1", "eu-central-1", "ml.c7g.large"),
        "492215442770.dkr.ecr.eu-central-1.amazonaws.com/sagemaker-xgboost:1.5-1-arm64",
    ),
    (
        ("sklearn", "1.2-1", "ap-northeast-1", "ml.m5.large"),
        "354813040037.dkr.ecr.ap-northeast-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3",
    ),
    (
        ("sklearn", "1.0-1", "us-east-1", "ml.m6gd.large"),
        "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.0-1-arm64-cpu-py3",
    ),
    (
        ("pytorch", "2.6.0", "us-east-1", "ml.g5.xlarge"),
        "763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-inference:2.6.0-gpu-py312",
    ),
    (
        ("pytorch", "2.6", "us-east-1", "ml.p4d.24xlarge"),
        "763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-inference:2.6.0-gpu-py312",
    ),
    (
        ("pytorch", "2.4", "us-east-1", "ml.m7g.large"),
        "763104351884.dkr.ecr.us-east-1.amazonaws.com/"
        "pytorch-inference-graviton:2.4.0-cpu-py311-ubuntu22.04-sagemaker",
    ),
    (
        ("tensorflow", "2.14", "us-east-1", "ml.m5.large"),
        "763104351884.dkr.ecr.us-east-1.amazonaws.com/tensorflow-inference:2.14.1-cpu",
    ),
    (
        ("huggingface", "4.26.0-pytorch1.13.1", "us-east-1", "ml.g4dn.xlarge"),
        "763104351884.dkr.ecr.us-east-1.amazonaws.com/huggingface-pytorch-inference:"
        "1.13.1-transformers4.26.0-gpu-py39-cu117-ubuntu20.04",
    ),
    (
        ("huggingface", "4.37", "us-east-1", "ml.m5.large"),
        "763104351884.dkr.ecr.us-east-1.amazonaws.com/huggingface-pytorch-inference:"
        "2.1.0-transformers4.37.0-cpu-py310-ubuntu22.04",
    ),
]


@pytest.mark.parametrize(("arguments", "uri"), KNOWN)
def test_a_framework_is_resolved_to_sagemakers_own_image(
    arguments: tuple[str, str, str, str], uri: str
) -> None:
    assert images.resolve(*arguments) == uri


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("caffe", "1", "us-east-1", "ml.m5.large"), "these have: huggingface, pytorch"),
        (("xgboost", "9", "us-east-1", "ml.m5.large"), "0.90-1, 0.90-2, 1, 1.0-1"),
        (("xgboost", "1.7-1", "us-east-1", "ml.c7g.large"), "these do: 1.3-1, 1.5-1"),
        (("xgboost", "1.7-1", "mars-north-1", "ml.m5.large"), "af-south-1, ap-east-1"),
        (("sklearn", "1.2-1", "us-east-1", "ml.g5.xlarge"), "runs on cpu instances only"),
        (("pytorch", "2.6", "us-east-1", "ml.inf2.xlarge"), "cpu and gpu instances only"),
        (("huggingface", "4.26", "us-east-1", "ml.m5.large"), "4.26.0-tensorflow2.11.0"),
        (("huggingface", "4.37", "us-east-1", "ml.c7g.large"), "these have: pytorch, sklearn"),
        (("xgboost", "1.7-1", "us-east-1", "m5.large"), "no SageMaker instance type"),
    ],
)
def test_what_does_not_exist_is_answered_with_what_does(
    arguments: tuple[str, str, str, str], told: str
) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        images.resolve(*arguments)

    assert told in str(refusal.value)


def test_every_alias_leads_to_an_image_and_every_image_to_accounts() -> None:
    document = json.loads(files("relay.provisioning").joinpath("images.json").read_text())

    for frameworks in document["processors"].values():
        for framework in frameworks.values():
            assert set(framework["aliases"].values()) <= set(framework["versions"])
            for image in framework["versions"].values():
                assert document["registries"][image["registry"]]["us-east-1"].isdigit()


def test_the_data_says_where_it_comes_from() -> None:
    origin = json.loads(files("relay.provisioning").joinpath("images.json").read_text())["origin"]

    assert origin["package"] == "sagemaker-core"
    assert origin["licence"] == "Apache-2.0"
    assert origin["version"]
