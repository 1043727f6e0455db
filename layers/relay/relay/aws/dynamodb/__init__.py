"""The ledger table in DynamoDB, and the items in it."""
