resource "aws_sns_topic" "alerts" {
  name = "${var.name}-alerts"
  # AWS's own key admits every principal of the account that may publish.
  kms_master_key_id = "alias/aws/sns"
}

resource "aws_sns_topic_subscription" "email" {
  for_each = var.alert_emails

  topic_arn = aws_sns_topic.alerts.arn
  protocol  = "email"
  endpoint  = each.value
}
