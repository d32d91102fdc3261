import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;
import org.apache.iceberg.BaseTable;
import org.apache.iceberg.HistoryEntry;
import org.apache.iceberg.Table;
import org.apache.iceberg.TableMetadataParser;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.data.IcebergGenerics;
import org.apache.iceberg.data.Record;
import org.apache.iceberg.io.CloseableIterable;
import org.apache.iceberg.rest.RESTCatalog;

/** Prints what Iceberg's Java implementation reads from a table: ReadTable URI TOKEN NAMESPACE TABLE. */
public class ReadTable {
  public static void main(String[] args) throws Exception {
    try (RESTCatalog catalog = new RESTCatalog()) {
      catalog.setConf(new Configuration());
      catalog.initialize("lake", Map.of("uri", args[0], "token", args[1]));
      Table table = catalog.loadTable(TableIdentifier.of(args[2], args[3]));
      List<String> rows = new ArrayList<>();
      try (CloseableIterable<Record> records = IcebergGenerics.read(table).build()) {
        for (Record record : records) rows.add(json(record));
      }
      String sorted = rows.stream().sorted().collect(Collectors.joining(",", "[", "]"));
      // The file as well, which readers without a catalog open.
      String file = ((BaseTable) table).operations().current().metadataFileLocation();
      String log =
          TableMetadataParser.read(table.io(), file).snapshotLog().stream()
              .map(HistoryEntry::timestampMillis)
              .map(String::valueOf)
              .collect(Collectors.joining(",", "[", "]"));
      System.out.println("{\"rows\":" + sorted + ",\"log\":" + log + "}");
    }
  }

  private static String json(Record record) {
    List<String> values = new ArrayList<>();
    for (int index = 0; index < record.size(); index += 1) {
      Object value = record.get(index);
      values.add(value == null ? "null" : "\"" + value.toString().replace("\"", "\\\"") + "\"");
    }
    return "[" + String.join(",", values) + "]";
  }
}
