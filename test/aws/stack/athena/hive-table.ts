import type { GlueColumn, Plan } from "./plan.ts";
import { QueryError, type SqlReader, valueOf } from "./sql-reader.ts";

/** Classes by which Hive reads and writes a format. */
interface Format {
  readonly input: string;
  readonly output: string;
  readonly serde: string;
}

const hiveIo = "org.apache.hadoop.hive.ql.io";
const text: Format = {
  input: "org.apache.hadoop.mapred.TextInputFormat",
  output: `${hiveIo}.HiveIgnoreKeyTextOutputFormat`,
  serde: "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe",
};
const formats: Readonly<Record<string, Format>> = {
  parquet: {
    input: `${hiveIo}.parquet.MapredParquetInputFormat`,
    output: `${hiveIo}.parquet.MapredParquetOutputFormat`,
    serde: `${hiveIo}.parquet.serde.ParquetHiveSerDe`,
  },
  orc: {
    input: `${hiveIo}.orc.OrcInputFormat`,
    output: `${hiveIo}.orc.OrcOutputFormat`,
    serde: `${hiveIo}.orc.OrcSerde`,
  },
  textfile: text,
};

/** What stands after the column list. */
interface Storage {
  partitionKeys: readonly GlueColumn[];
  format: Format;
  serdeParameters: Readonly<Record<string, string>>;
  location?: string;
  parameters: Readonly<Record<string, string>>;
}

/** CREATE EXTERNAL TABLE: an entry in Glue, for which Athena starts no engine either. */
export function createHiveTable(
  reader: SqlReader,
  target: { readonly database: string; readonly table: string; readonly ifNotExists: boolean },
): Plan {
  const columns = reader.list().map(hiveColumn);
  const storage: Storage = { partitionKeys: [], format: text, serdeParameters: {}, parameters: {} };
  while (reader.peek() !== undefined) readStorage(reader, storage);
  const { location } = storage;
  if (location === undefined) throw new QueryError("FAILED: SemanticException", "LOCATION is required");
  const create = {
    Name: target.table,
    TableType: "EXTERNAL_TABLE",
    Parameters: { EXTERNAL: "TRUE", ...storage.parameters },
    PartitionKeys: [...storage.partitionKeys],
    StorageDescriptor: {
      Columns: [...columns],
      Location: location,
      InputFormat: storage.format.input,
      OutputFormat: storage.format.output,
      SerdeInfo: {
        SerializationLibrary: storage.format.serde,
        Parameters: { ...storage.serdeParameters },
      },
    },
  };
  return {
    type: "DDL",
    subtype: "CREATE_TABLE",
    result: "none",
    steps: [
      async ({ createGlueTable }) => {
        await createGlueTable(target.database, create, target.ifNotExists);
        return undefined;
      },
    ],
  };
}

function readStorage(reader: SqlReader, storage: Storage): void {
  if (reader.take("comment")) reader.next();
  else if (reader.take("partitioned", "by")) storage.partitionKeys = reader.list().map(hiveColumn);
  else if (reader.take("row", "format", "serde"))
    storage.format = { ...storage.format, serde: valueOf(reader.next()) };
  else if (reader.take("with", "serdeproperties"))
    storage.serdeParameters = Object.fromEntries(reader.properties());
  else if (reader.take("stored", "as", "inputformat")) {
    const input = valueOf(reader.next());
    reader.need("outputformat");
    storage.format = { ...storage.format, input, output: valueOf(reader.next()) };
  } else if (reader.take("stored", "as")) {
    const format = formats[reader.identifier()];
    if (format === undefined)
      throw new QueryError("NOT_SUPPORTED", "this double knows PARQUET, ORC and TEXTFILE");
    storage.format = format;
  } else if (reader.take("location")) storage.location = valueOf(reader.next());
  else if (reader.take("tblproperties")) storage.parameters = Object.fromEntries(reader.properties());
  else reader.end();
}

/** Glue keeps Hive's own names of types. */
function hiveColumn(reader: SqlReader): GlueColumn {
  const name = reader.identifier();
  const [type = "", comment] = reader.rest().split(/\s+comment\s+/i);
  return {
    Name: name,
    Type: type.replaceAll(/\s+/g, "").toLowerCase(),
    ...(comment === undefined ? {} : { Comment: comment.replace(/^'|'$/g, "") }),
  };
}
