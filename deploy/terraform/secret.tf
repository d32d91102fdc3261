# The secret without a value: a value given here would stand in Terraform's state in the clear. `aws secretsmanager
# put-secret-value` writes it, and a rotation later on is nothing that Terraform would want to take back.
resource "aws_secretsmanager_secret" "salesforce" {
  name                    = var.secret_name
  description             = "Salesforce credentials that ${var.name} signs in with: a JSON object of text fields"
  kms_key_id              = var.kms_key_arn
  recovery_window_in_days = 7
}
