import java.util.HashMap;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.iceberg.catalog.CatalogTests;
import org.apache.iceberg.catalog.Namespace;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.rest.RESTCatalog;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** Iceberg's own tests of catalogs, over REST; {@code lake.uri}, {@code lake.token} and {@code lake.folder} say which. */
class CompatibilityTests extends CatalogTests<RESTCatalog> {
  private RESTCatalog catalog;

  @BeforeEach
  void open() {
    catalog = initCatalog("lake", Map.of());
    for (Namespace namespace : catalog.listNamespaces()) {
      catalog.listTables(namespace).forEach((table) -> catalog.dropTable(table, true));
      catalog.dropNamespace(namespace);
    }
  }

  @AfterEach
  void close() throws Exception {
    catalog.close();
  }

  @Override
  protected RESTCatalog catalog() {
    return catalog;
  }

  @Override
  protected RESTCatalog initCatalog(String name, Map<String, String> properties) {
    Map<String, String> all = new HashMap<>(properties);
    all.put("uri", System.getProperty("lake.uri"));
    all.put("token", System.getProperty("lake.token"));
    // What CatalogTests expects every catalog of its own to be set up with.
    all.putIfAbsent("table-default.default-key1", "catalog-default-key1");
    all.putIfAbsent("table-default.default-key2", "catalog-default-key2");
    all.putIfAbsent("table-default.override-key3", "catalog-default-key3");
    all.putIfAbsent("table-override.override-key3", "catalog-override-key3");
    all.putIfAbsent("table-override.override-key4", "catalog-override-key4");
    RESTCatalog made = new RESTCatalog();
    made.setConf(new Configuration());
    made.initialize(name, all);
    return made;
  }

  @Override
  protected boolean requiresNamespaceCreate() {
    return true;
  }

  @Override
  protected boolean supportsServerSideRetry() {
    return true;
  }

  @Override
  protected boolean supportsNamesWithSlashes() {
    return false;
  }

  @Override
  protected boolean supportsNamesWithDot() {
    return false;
  }

  @Override
  protected String baseTableLocation(TableIdentifier table) {
    return System.getProperty("lake.folder") + "/" + table.namespace() + "/" + table.name();
  }
}
