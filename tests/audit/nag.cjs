// Prints what cdk-nag's AwsSolutions rules find in CloudFormation templates: one JSON array of
// {template, rule, resource, message}. Templates are files without a SAM transform, which CfnInclude
// does not take. CDK leaves the rules' logical ids as they stand in the template.
"use strict";

const path = require("node:path");
const { App, Stack } = require("aws-cdk-lib");
const { CfnInclude } = require("aws-cdk-lib/cloudformation-include");
const { AwsSolutionsChecks } = require("cdk-nag");

function findings(templateFile) {
  const app = new App({ analyticsReporting: false, treeMetadata: false });
  const stack = new Stack(app, "Audit");
  new CfnInclude(stack, "Template", { templateFile });
  const report = new AwsSolutionsChecks(app, { verbose: true }).validateScope(app);
  return report.violations.flatMap(({ ruleName, description, violatingResources }) =>
    violatingResources.map(({ constructPath }) => ({
      template: templateFile,
      rule: ruleName,
      resource: path.posix.basename(constructPath),
      message: description,
    })),
  );
}

process.stdout.write(JSON.stringify(process.argv.slice(2).flatMap(findings)));
