"""The provision function: the life cycle of the endpoint. No invocation waits for SageMaker.

provision         the use case: stores the request, then takes the steps that are possible now
specification/    the endpoint's properties, and the API requests that follow from them
lifecycle/        the table of steps, and the record that is stored between them
rollout_requests  requests for roll-outs, by a call or an upload
routes_resource   the custom resource that checks a route document
describe          the response to `describe`
"""
