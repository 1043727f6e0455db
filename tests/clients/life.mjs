// AWS SDK for JavaScript v3: the whole life of an endpoint, and a location outside ASCII.
import assert from "node:assert";
import * as sagemaker from "@aws-sdk/client-sagemaker";
import * as runtime from "@aws-sdk/client-sagemaker-runtime";

const { NAME, TOPIC, OUTPUT, LOCATION, ASCII_LOCATION, IMAGE, ARTIFACT, ROLE_ARN } = process.env;
const client = new sagemaker.SageMakerClient({});
const invoker = new runtime.SageMakerRuntimeClient({});
const call = (Command, input) => client.send(new sagemaker[`${Command}Command`](input));
const invoke = (InputLocation) =>
  invoker.send(new runtime.InvokeEndpointAsyncCommand({ EndpointName: NAME, InputLocation }));
const configure = (EndpointConfigName, InitialInstanceCount) =>
  call("CreateEndpointConfig", {
    EndpointConfigName,
    ProductionVariants: [
      { VariantName: "AllTraffic", ModelName: NAME, InstanceType: "ml.m5.large", InitialInstanceCount },
    ],
    AsyncInferenceConfig: {
      OutputConfig: {
        S3OutputPath: OUTPUT,
        NotificationConfig: { SuccessTopic: TOPIC, ErrorTopic: TOPIC },
      },
    },
  });
const endpoint = { EndpointName: NAME };
const wait = { client, maxWaitTime: 60, minDelay: 1, maxDelay: 1 };

await call("CreateModel", {
  ModelName: NAME,
  ExecutionRoleArn: ROLE_ARN,
  PrimaryContainer: { Image: IMAGE, ModelDataUrl: ARTIFACT },
});
await configure(NAME, 1);
await configure(`${NAME}-2`, 2);
await call("CreateEndpoint", { ...endpoint, EndpointConfigName: NAME });
await sagemaker.waitUntilEndpointInService(wait, endpoint);
// Node.js sends ü in a header as the one byte of Latin-1.
await assert.rejects(invoke(LOCATION), (error) => {
  assert.equal(error.name, "ValidationError");
  assert.equal(error.$metadata.httpStatusCode, 400);
  assert.match(error.message, /must be UTF-8/);
  return error instanceof runtime.ValidationError;
});
const accepted = await invoke(ASCII_LOCATION);
assert.ok(accepted.OutputLocation.startsWith(OUTPUT));
await call("UpdateEndpoint", { ...endpoint, EndpointConfigName: `${NAME}-2` });
await sagemaker.waitUntilEndpointInService(wait, endpoint);
// In the order of the SDK v2: the configuration before its endpoint.
await call("DeleteEndpointConfig", { EndpointConfigName: NAME });
await call("DeleteEndpointConfig", { EndpointConfigName: `${NAME}-2` });
await call("DeleteEndpoint", endpoint);
await sagemaker.waitUntilEndpointDeleted(wait, endpoint);
await call("DeleteModel", { ModelName: NAME });
