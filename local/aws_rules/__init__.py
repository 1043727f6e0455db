"""What AWS refuses, or lets pass and then does not do, and no linter knows: one function a rule.

`check(template)` runs every rule over every combination of parameters and partitions that the rule
can tell apart. `local.ministack.refusals` runs those that AWS enforces when it makes a resource.
"""

from local.aws_rules.check import check
from local.aws_rules.rule import RULES, Enforced, Problem, Refusal, Rule
from local.cloudformation.template import Template

__all__ = ["RULES", "Enforced", "Problem", "Refusal", "Rule", "Template", "check"]
