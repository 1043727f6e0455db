"""SageMaker Python SDK v2: deploy, predict, update and clean up, as its documentation shows."""

import os

import sagemaker
from sagemaker.async_inference import AsyncInferenceConfig, WaiterConfig
from sagemaker.deserializers import JSONDeserializer
from sagemaker.model import Model
from sagemaker.predictor import Predictor
from sagemaker.serializers import JSONSerializer

NAME, TOPIC = os.environ["NAME"], os.environ["TOPIC"]


def predictor(endpoint_name: str, session: sagemaker.Session) -> Predictor:
    return Predictor(endpoint_name, session, JSONSerializer(), JSONDeserializer())


session = sagemaker.Session(default_bucket=os.environ["BUCKET"])
model = Model(
    image_uri=os.environ["IMAGE"],
    model_data=os.environ["ARTIFACT"],
    role=os.environ["ROLE_ARN"],
    predictor_cls=predictor,
    sagemaker_session=session,
    name=NAME,
)
endpoint = model.deploy(
    initial_instance_count=1,
    instance_type="ml.m5.large",
    endpoint_name=NAME,
    async_inference_config=AsyncInferenceConfig(
        output_path=os.environ["OUTPUT"],
        notification_config={"SuccessTopic": TOPIC, "ErrorTopic": TOPIC},
    ),
)
# The SDK looks for a failure object to the end of its patience, also when the output is there.
patience = WaiterConfig(max_attempts=15, delay=2)
answer = endpoint.predict(input_path=os.environ["LOCATION"], waiter_config=patience)
assert "headers" in answer, answer
endpoint.update_endpoint(initial_instance_count=2, instance_type="ml.m5.large")
# The order of the SDK's documentation: the model is found by the endpoint's configuration.
endpoint.delete_model()
endpoint.delete_endpoint()
session.delete_endpoint_config(NAME)  # the update has made another one
