import { defineTable } from "moraine";

/** Log of Salesforce users: one row per user and `system_modstamp` (ties with other content too), and one per deletion. */
export const sfUserRaw = defineTable({
  key: "sf_raw/sf_user",
  description: "Every version of every Salesforce user that was seen, with deletions; a log, never updated.",
  columns: {
    id: { type: "string", required: true, description: "18-character id" },
    username: "string",
    name: "string",
    first_name: "string",
    last_name: "string",
    email: "string",
    title: "string",
    department: "string",
    division: { type: "string", description: "Free text; NA and N/A are values" },
    audit_phase: "string",
    is_active: "boolean",
    user_role_id: "string",
    profile_id: "string",
    manager_id: "string",
    employee_number: "string",
    created_date: "timestamp",
    last_modified_date: {
      type: "timestamp",
      description: "Business time; may be back-dated, never orders history",
    },
    system_modstamp: { type: "timestamp", description: "Orders history" },
    extracted_at: { type: "timestamp", description: "Salesforce's clock when the extraction opened" },
    load_id: { type: "string", description: "Sorts by time" },
    op: { type: "string", description: "upsert or delete" },
    delete_reason: { type: "string", description: "absent, with op delete" },
  },
  partitionBy: ["day(extracted_at)"],
  properties: { "write.parquet.compression-codec": "zstd" },
});

/** SCD Type 2 dimension: one row per user and version, `valid_from` inclusive, `valid_to` exclusive and null when open. */
export const dimSfUserScd = defineTable({
  key: "sf_curated/dim_sf_user_scd",
  description: "Salesforce users with the history of division, audit phase and deletion.",
  columns: {
    scd_id: { type: "string", description: "sha256 of user_id and valid_from; stable for ever" },
    user_id: "string",
    name: "string",
    email: "string",
    username: "string",
    title: "string",
    department: "string",
    division: "string",
    audit_phase: "string",
    is_active: "boolean",
    valid_from: { type: "timestamp", description: "Inclusive" },
    valid_to: { type: "timestamp", description: "Exclusive; null: open" },
    update_date: { type: "timestamp", description: "Business time of the change; may be back-dated" },
    recorded_at: { type: "timestamp", description: "When we learned it" },
    is_current: "boolean",
    is_deleted: "boolean",
    delete_reason: { type: "string", description: "inactive or absent" },
  },
  properties: { "write.parquet.compression-codec": "zstd" },
});
