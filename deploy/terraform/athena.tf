# One database per namespace. Its location is where a table without one of its own would go.
resource "aws_glue_catalog_database" "namespace" {
  for_each = var.namespaces

  name         = each.value
  description  = "Tables of the assets ${each.value}/*, kept by ${var.name}"
  location_uri = "s3://${aws_s3_bucket.lake.id}/lake/${each.value}/"

  lifecycle {
    # With the database would go what the catalog knows of its tables.
    prevent_destroy = true
  }
}

# Tables here are only names of files that wait: nothing is lost with them.
resource "aws_glue_catalog_database" "staging" {
  name         = var.staging_database
  description  = "Files that ${var.name} is reading into tables"
  location_uri = "s3://${aws_s3_bucket.results.id}/staging/"
}

resource "aws_athena_workgroup" "this" {
  name        = var.name
  description = "Queries of ${var.name}: results expire, scans are limited"

  configuration {
    # Not enforced: dbt-athena would then write tables of its own below the location of results, where they expire. The limit
    # on scanned bytes holds all the same, and the role can write nowhere but into the two buckets.
    enforce_workgroup_configuration    = false
    bytes_scanned_cutoff_per_query     = var.scan_limit_bytes
    publish_cloudwatch_metrics_enabled = true

    engine_version {
      selected_engine_version = "Athena engine version 3"
    }

    result_configuration {
      output_location       = "s3://${aws_s3_bucket.results.id}/athena/"
      expected_bucket_owner = local.account_id

      encryption_configuration {
        encryption_option = var.kms_key_arn == null ? "SSE_S3" : "SSE_KMS"
        kms_key_arn       = var.kms_key_arn
      }
    }
  }
}
