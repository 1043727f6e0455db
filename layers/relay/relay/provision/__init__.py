"""The provision function: the endpoint's life, of which no call waits for SageMaker.

events            what wakes the function
provision         the use case: stores who asks, then takes the steps that can be taken now
specification/    what the endpoint should be
lifecycle/        the table of steps from what is to what should be, and the record between them
rollout_requests  roll-outs that are asked for by a call or an upload
routes_resource   the custom resource that checks a route document
describe          how the endpoint stands
"""
