locals {
  glue      = "arn:${local.partition}:glue:${var.region}:${local.account_id}"
  databases = sort(setunion(var.namespaces, [var.staging_database]))

  policy = templatefile("${path.module}/policy.json.tftpl", {
    workgroup_arn  = aws_athena_workgroup.this.arn
    catalog_arn    = "arn:${local.partition}:athena:${var.region}:${local.account_id}:datacatalog/AwsDataCatalog"
    glue_catalog   = "${local.glue}:catalog"
    glue_default   = "${local.glue}:database/default"
    glue_databases = [for name in local.databases : "${local.glue}:database/${name}"]
    glue_tables    = [for name in local.databases : "${local.glue}:table/${name}/*"]
    bucket_arns    = values(local.bucket_arns)
    object_arns    = [for arn in values(local.bucket_arns) : "${arn}/*"]
    secret_arn     = aws_secretsmanager_secret.salesforce.arn
    topic_arn      = aws_sns_topic.alerts.arn
    kms_key_arns   = var.kms_key_arn == null ? [] : [var.kms_key_arn]
  })
}

resource "aws_iam_policy" "moraine" {
  name        = "${var.name}-pipeline"
  description = "What a run of ${var.name} needs, and no more"
  policy      = local.policy
}

# For an EC2 instance or an ECS task; and for whom var.assumable_by names.
resource "aws_iam_role" "moraine" {
  name                 = "${var.name}-pipeline"
  description          = "Runs ${var.name}"
  permissions_boundary = var.permissions_boundary_arn

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          Sid       = "Instance"
          Effect    = "Allow"
          Action    = "sts:AssumeRole"
          Principal = { Service = "ec2.amazonaws.com" }
        },
        {
          Sid       = "Task"
          Effect    = "Allow"
          Action    = "sts:AssumeRole"
          Principal = { Service = "ecs-tasks.amazonaws.com" }
          # No other account's service may act for us.
          Condition = { StringEquals = { "aws:SourceAccount" = local.account_id } }
        },
      ],
      length(var.assumable_by) == 0 ? [] : [
        {
          Sid       = "People"
          Effect    = "Allow"
          Action    = "sts:AssumeRole"
          Principal = { AWS = sort(var.assumable_by) }
        },
      ],
    )
  })
}

resource "aws_iam_role_policy_attachment" "moraine" {
  role       = aws_iam_role.moraine.name
  policy_arn = aws_iam_policy.moraine.arn
}

resource "aws_iam_instance_profile" "moraine" {
  name = "${var.name}-pipeline"
  role = aws_iam_role.moraine.name
}
