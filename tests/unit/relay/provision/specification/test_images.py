import json
from importlib.resources import files

import pytest
from relay.errors import ConfigurationError
from relay.provision.specification import images

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
    (
        ("pytorch", "1.4.0", "us-east-1", "ml.m5.large"),
        "763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-inference:1.4.0-cpu-py36",
    ),
    (
        ("pytorch", "1.4-py3", "us-east-1", "ml.m5.large"),
        "763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-inference:1.4.0-cpu-py3",
    ),
    (
        ("pytorch", "2.6-py312", "us-east-1", "ml.m5.large"),
        "763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-inference:2.6.0-cpu-py312",
    ),
    (
        ("pytorch", "1.6.0", "us-east-1", "ml.p4d.24xlarge"),
        "763104351884.dkr.ecr.us-east-1.amazonaws.com/"
        "pytorch-inference:1.6.0-gpu-py36-cu110-ubuntu18.04",
    ),
    (
        ("huggingface-llm", "2.0.0", "us-east-1", "ml.g5.xlarge"),
        "763104351884.dkr.ecr.us-east-1.amazonaws.com/"
        "huggingface-pytorch-tgi-inference:2.1.1-tgi2.0.0-gpu-py310-cu121-ubuntu22.04",
    ),
    (
        ("djl-lmi", "0.28.0", "us-east-1", "ml.g5.xlarge"),
        "763104351884.dkr.ecr.us-east-1.amazonaws.com/djl-inference:0.28.0-lmi10.0.0-cu124",
    ),
]

DATA = files("relay.provision.specification").joinpath("images.json")


@pytest.mark.parametrize(("arguments", "uri"), KNOWN)
def test_a_framework_is_resolved_to_sagemakers_own_image(
    arguments: tuple[str, str, str, str], uri: str
) -> None:
    assert images.resolve(*arguments) == uri


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("caffe", "1", "us-east-1", "ml.m5.large"), "these have: djl-lmi, huggingface, "),
        (("xgboost", "9", "us-east-1", "ml.m5.large"), "these do: 3.0-5, 3.2-0, 1, 1.0-1"),
        (("xgboost", "1.7-1", "us-east-1", "ml.c7g.large"), "these do: 1.5-1, 1.3-1"),
        (("xgboost", "1.7-1", "mars-north-1", "ml.m5.large"), "af-south-1, ap-east-1"),
        (("sklearn", "1.2-1", "us-east-1", "ml.g5.xlarge"), "runs on cpu instances only"),
        (("pytorch", "2.6", "us-east-1", "ml.inf2.xlarge"), "cpu and gpu instances only"),
        (("huggingface", "4.26", "us-east-1", "ml.m5.large"), "4.26.0-tensorflow2.11.0"),
        (("huggingface", "4.37", "us-east-1", "ml.c7g.large"), "these have: pytorch, sklearn"),
        (("pytorch", "2.6-py311", "us-east-1", "ml.m5.large"), "these do: 2.6.0, 2.5.1"),
        (("tensorflow", "2.15", "us-east-1", "ml.m5.large"), "these do: 2.14.1, 2.16.1"),
        (("xgboost", "1.7-1", "eu-moon-1", "ml.m5.large"), "it is in eu-central-1, eu-central-2"),
        (("djl-lmi", "0.28.0", "us-east-1", "ml.m5.large"), "runs on gpu instances only"),
        (("xgboost", "1.7-1", "us-east-1", "m5.large"), "is not a SageMaker instance type"),
    ],
)
def test_what_does_not_exist_is_answered_with_what_does(
    arguments: tuple[str, str, str, str], reason: str
) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        images.resolve(*arguments)

    assert reason in str(refusal.value)


def test_a_message_lists_no_more_than_a_person_reads() -> None:
    with pytest.raises(ConfigurationError, match=r"and \d+ more$") as refusal:
        images.resolve("tensorflow", "9", "us-east-1", "ml.m5.large")

    assert len(str(refusal.value)) < 250


def test_every_alias_leads_to_an_image_and_every_image_has_accounts() -> None:
    document = json.loads(
        files("relay.provision.specification").joinpath("images.json").read_text()
    )
    known = [set(" ".join(each.values()).split()) for each in document["accounts"]]

    for frameworks in document["processors"].values():
        for framework in frameworks.values():
            assert set(framework["aliases"].values()) <= set(framework["versions"])
            for repository, registry, tags in framework["versions"].values():
                whole, without = document["registries"][registry]
                assert repository
                assert tags
                assert {"us-east-1", "eu-west-1"} <= known[whole] - set(without.split())


def test_no_region_has_two_accounts_for_one_image() -> None:
    document = json.loads(
        files("relay.provision.specification").joinpath("images.json").read_text()
    )

    for accounts in document["accounts"]:
        regions = " ".join(accounts.values()).split()
        assert len(regions) == len(set(regions))


def test_the_data_says_where_it_comes_from() -> None:
    origin = json.loads(DATA.read_text())["origin"]

    assert origin["package"] == "sagemaker-core"
    assert origin["licence"] == "Apache-2.0"
    assert origin["version"]
