locals {
  buckets = {
    lake    = coalesce(var.lake_bucket, "${var.name}-lake-${local.account_id}-${var.region}")
    results = coalesce(var.results_bucket, "${var.name}-results-${local.account_id}-${var.region}")
  }
}

# The tables. Apart from the results, so that no rule that deletes those can reach them.
resource "aws_s3_bucket" "lake" {
  bucket = local.buckets.lake

  lifecycle {
    prevent_destroy = true
  }
}

# What a run needs while it lasts: query results, and Parquet files before Athena has read them into a table.
resource "aws_s3_bucket" "results" {
  bucket        = local.buckets.results
  force_destroy = true
}

locals {
  bucket_ids = {
    lake    = aws_s3_bucket.lake.id
    results = aws_s3_bucket.results.id
  }
  bucket_arns = {
    lake    = aws_s3_bucket.lake.arn
    results = aws_s3_bucket.results.arn
  }
}

resource "aws_s3_bucket_public_access_block" "all" {
  for_each = local.bucket_ids

  bucket                  = each.value
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "all" {
  for_each = local.bucket_ids

  bucket = each.value

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "all" {
  for_each = local.bucket_ids

  bucket = each.value

  rule {
    # One call to KMS for many objects: Iceberg writes many small ones.
    bucket_key_enabled = var.kms_key_arn != null

    apply_server_side_encryption_by_default {
      sse_algorithm     = var.kms_key_arn == null ? "AES256" : "aws:kms"
      kms_master_key_id = var.kms_key_arn
    }
  }
}

# Off, and said so: Iceberg's snapshots are the versions. With S3's on top, what VACUUM deletes would stay, and be paid for.
resource "aws_s3_bucket_versioning" "all" {
  for_each = local.bucket_ids

  bucket = each.value

  versioning_configuration {
    status = "Disabled"
  }
}

# The lake's files end by VACUUM alone: a rule by age would tear files out of tables that still name them.
resource "aws_s3_bucket_lifecycle_configuration" "lake" {
  bucket = aws_s3_bucket.lake.id

  rule {
    id     = "abort-uploads"
    status = "Enabled"

    filter {}

    abort_incomplete_multipart_upload {
      days_after_initiation = 2
    }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "results" {
  bucket = aws_s3_bucket.results.id

  rule {
    id     = "expire"
    status = "Enabled"

    filter {}

    expiration {
      days = var.results_days
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 1
    }
  }
}

resource "aws_s3_bucket_policy" "tls_only" {
  for_each = local.bucket_ids

  bucket = each.value
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "TlsOnly"
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:*"
      Resource  = [local.bucket_arns[each.key], "${local.bucket_arns[each.key]}/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })

  # Both change the bucket's policy status; at the same time one of them is refused.
  depends_on = [aws_s3_bucket_public_access_block.all]
}
