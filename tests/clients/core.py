"""sagemaker-core: resources with create, invoke, update and delete."""

import os

from sagemaker.core.resources import Endpoint, EndpointConfig, Model
from sagemaker.core.shapes import (
    AsyncInferenceConfig,
    AsyncInferenceNotificationConfig,
    AsyncInferenceOutputConfig,
    ContainerDefinition,
    ProductionVariant,
)

NAME, TOPIC = os.environ["NAME"], os.environ["TOPIC"]


def configuration(name: str, count: int) -> EndpointConfig:
    variant = ProductionVariant(
        variant_name="AllTraffic",
        model_name=NAME,
        instance_type="ml.m5.large",
        initial_instance_count=count,
    )
    output = AsyncInferenceOutputConfig(
        s3_output_path=os.environ["OUTPUT"],
        notification_config=AsyncInferenceNotificationConfig(
            success_topic=TOPIC, error_topic=TOPIC
        ),
    )
    return EndpointConfig.create(
        endpoint_config_name=name,
        production_variants=[variant],
        async_inference_config=AsyncInferenceConfig(output_config=output),
    )


container = ContainerDefinition(image=os.environ["IMAGE"], model_data_url=os.environ["ARTIFACT"])
model = Model.create(
    model_name=NAME, primary_container=container, execution_role_arn=os.environ["ROLE_ARN"]
)
first, second = configuration(NAME, 1), configuration(f"{NAME}-2", 2)
endpoint = Endpoint.create(endpoint_name=NAME, endpoint_config_name=NAME)
endpoint.wait_for_status("InService", poll=1)
endpoint.invoke_async(input_location=os.environ["LOCATION"])
endpoint.endpoint_config_name = second.endpoint_config_name
endpoint.update()
endpoint.wait_for_status("InService", poll=1)
# In the order of the SDK v2: the configuration before its endpoint.
for each in (first, second):
    each.delete()
endpoint.delete()
endpoint.wait_for_delete(poll=1)
model.delete()
