variable "name" {
  description = "Prefix of everything that is made here; lower case, digits and dashes."
  type        = string
  default     = "moraine"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,30}[a-z0-9]$", var.name))
    error_message = "name is 3 to 32 lower-case letters, digits and dashes, begins with a letter and does not end with a dash."
  }
}

variable "region" {
  description = "Region of buckets, catalog, work group and secret, e.g. eu-central-1."
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2,4}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region is the code of a region, e.g. eu-central-1."
  }
}

variable "namespaces" {
  description = "Namespaces of the project's assets; each becomes a Glue database of the same name."
  type        = set(string)
  default     = ["sf_raw", "sf_staging", "sf_intermediate", "sf_curated"]

  validation {
    condition     = length(var.namespaces) > 0 && alltrue([for name in var.namespaces : can(regex("^[a-z0-9_]{1,128}$", name))])
    error_message = "namespaces holds at least one name of lower-case letters, digits and underscores."
  }
}

variable "staging_database" {
  description = "Glue database of the files that wait to be read into a table."
  type        = string
  default     = "moraine_staging"

  validation {
    condition     = can(regex("^[a-z0-9_]{1,128}$", var.staging_database))
    error_message = "staging_database is lower-case letters, digits and underscores."
  }
}

variable "lake_bucket" {
  description = "Name of the bucket that keeps the tables. Null: <name>-lake-<account>-<region>."
  type        = string
  default     = null
}

variable "results_bucket" {
  description = "Name of the bucket for query results and files on their way into a table. Null: <name>-results-<account>-<region>."
  type        = string
  default     = null
}

variable "results_days" {
  description = "Days after which query results and staged files are deleted. A run needs them for its own time only."
  type        = number
  default     = 3

  validation {
    condition     = var.results_days >= 1 && var.results_days <= 365 && floor(var.results_days) == var.results_days
    error_message = "results_days is a whole number of days, 1 to 365."
  }
}

variable "scan_limit_bytes" {
  description = "Athena cancels a query that has scanned more bytes than this. 100 GiB cost about half a dollar."
  type        = number
  default     = 107374182400

  validation {
    condition     = var.scan_limit_bytes >= 10485760 && floor(var.scan_limit_bytes) == var.scan_limit_bytes
    error_message = "scan_limit_bytes is a whole number, at least 10485760 (10 MiB): Athena takes no smaller limit."
  }
}

variable "kms_key_arn" {
  description = "Key that encrypts buckets, query results and the secret. Null: keys that AWS manages. Its own policy must admit the role made here."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key_arn == null ? true : can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$", var.kms_key_arn))
    error_message = "kms_key_arn is the ARN of a key (arn:aws:kms:...:key/...), not of an alias."
  }
}

variable "secret_name" {
  description = "Name of the secret with the Salesforce credentials, as dbthub.yml has it."
  type        = string
  default     = "moraine/salesforce"

  validation {
    # A dash and six characters at the end look like the suffix that AWS adds to ARNs.
    condition     = can(regex("^[A-Za-z0-9/_+=.@-]{1,512}$", var.secret_name)) && !can(regex("-[A-Za-z0-9]{6}$", var.secret_name))
    error_message = "secret_name is letters, digits and /_+=.@-, and does not end with a dash and six characters."
  }
}

variable "alert_emails" {
  description = "Addresses that get the alerts. Each has to confirm AWS's mail."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for address in var.alert_emails : can(regex("^[^@\\s]+@[^@\\s]+$", address))])
    error_message = "alert_emails holds mail addresses."
  }
}

variable "assumable_by" {
  description = "ARNs of principals that may assume the role beside EC2 and ECS, e.g. a developer's role, to run the target from a laptop."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for arn in var.assumable_by : can(regex("^arn:[a-z-]+:(iam|sts)::[0-9]{12}:.+$", arn))])
    error_message = "assumable_by holds ARNs of users or roles (arn:aws:iam::...); a wildcard would let everybody in."
  }
}

variable "permissions_boundary_arn" {
  description = "Permissions boundary of the role, where the account asks for one."
  type        = string
  default     = null
}

variable "tags" {
  description = "Tags on everything, beside application = <name>."
  type        = map(string)
  default     = {}
}
