# In the names and the form of moraine.config.ts: `terraform output -json target` prints the target's value.
output "target" {
  description = "The aws target of moraine.config.ts."
  value = {
    lakehouse = {
      type            = "athena"
      region          = var.region
      workgroup       = aws_athena_workgroup.this.name
      location        = "s3://${aws_s3_bucket.lake.id}/lake"
      results         = "s3://${aws_s3_bucket.results.id}/athena/"
      staging         = "s3://${aws_s3_bucket.results.id}/staging"
      stagingDatabase = aws_glue_catalog_database.staging.name
    }
    secrets = {
      type   = "aws-secrets-manager"
      region = var.region
    }
  }
}

output "secret_name" {
  description = "The secret that wants a value: aws secretsmanager put-secret-value --secret-id <it> --secret-string file://salesforce.json"
  value       = aws_secretsmanager_secret.salesforce.name
}

output "alert_topic_arn" {
  description = "The topic for alerts."
  value       = aws_sns_topic.alerts.arn
}

output "role_arn" {
  description = "The role of an ECS task, or role_arn of a profile in ~/.aws/config."
  value       = aws_iam_role.moraine.arn
}

output "instance_profile" {
  description = "The same role for an EC2 instance."
  value       = aws_iam_instance_profile.moraine.name
}

output "policy_arn" {
  description = "What a run may do, for a role that you have already."
  value       = aws_iam_policy.moraine.arn
}
