# AWS CLI version 1: the whole life of an endpoint. `aws` is the one of the environment of `make clients`.
set -eu

variants() {
  printf '[{"VariantName": "AllTraffic", "ModelName": "%s", "InstanceType": "ml.m5.large", "InitialInstanceCount": %s}]' \
    "$NAME" "$1"
}
asynchronous="{\"OutputConfig\": {\"S3OutputPath\": \"$OUTPUT\", \"NotificationConfig\": {\"SuccessTopic\": \"$TOPIC\", \"ErrorTopic\": \"$TOPIC\"}}}"

aws sagemaker create-model --model-name "$NAME" --execution-role-arn "$ROLE_ARN" \
  --primary-container "Image=$IMAGE,ModelDataUrl=$ARTIFACT"
aws sagemaker create-endpoint-config --endpoint-config-name "$NAME" --production-variants "$(variants 1)" \
  --async-inference-config "$asynchronous"
aws sagemaker create-endpoint-config --endpoint-config-name "$NAME-2" --production-variants "$(variants 2)" \
  --async-inference-config "$asynchronous"
aws sagemaker create-endpoint --endpoint-name "$NAME" --endpoint-config-name "$NAME"
aws sagemaker wait endpoint-in-service --endpoint-name "$NAME"
aws sagemaker-runtime invoke-endpoint-async --endpoint-name "$NAME" --input-location "$LOCATION"
aws sagemaker list-endpoints --name-contains "$NAME" --max-items 1
aws sagemaker update-endpoint --endpoint-name "$NAME" --endpoint-config-name "$NAME-2"
aws sagemaker wait endpoint-in-service --endpoint-name "$NAME"
# In the order of the SDK v2: the configuration before its endpoint.
aws sagemaker delete-endpoint-config --endpoint-config-name "$NAME"
aws sagemaker delete-endpoint-config --endpoint-config-name "$NAME-2"
aws sagemaker delete-endpoint --endpoint-name "$NAME"
aws sagemaker wait endpoint-deleted --endpoint-name "$NAME"
aws sagemaker delete-model --model-name "$NAME"
