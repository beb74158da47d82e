// Talks to PostgreSQL through its JDBC driver, and says as JSON lines what it asked and got.
// Usage: java -cp DRIVER PgsqlClient.java URL NAME
import java.sql.*;
import java.util.Properties;

public class PgsqlClient {
  interface Work {
    int rows() throws SQLException;
  }

  static void ask(String mark, Work work) throws SQLException {
    long since = System.nanoTime();
    int rows = 0;
    String error = "";
    try {
      rows = work.rows();
    } catch (SQLException cause) {
      error = cause.getSQLState();
    }
    System.out.printf("{\"mark\":\"%s\",\"rows\":%d,\"error\":\"%s\",\"ns\":%d}%n", mark, rows, error, System.nanoTime() - since);
  }

  static int count(ResultSet set) throws SQLException {
    int rows = 0;
    while (set.next()) rows++;
    return rows;
  }

  public static void main(String[] args) throws Exception {
    String name = args[1];
    try (Connection connection = DriverManager.getConnection(args[0])) {
      // From its fifth run on the driver gives the statement a name, and asks for binary.
      try (PreparedStatement series = connection.prepareStatement("SELECT generate_series(1, ?::int) /* " + name + "-series */")) {
        for (int i = 0; i < 12; i++) {
          series.setInt(1, i);
          ask(name + "-series", () -> count(series.executeQuery()));
        }
      }
      try (PreparedStatement values = connection.prepareStatement("SELECT ?::int8, ?::text, ?::bool, ?::text /* " + name + "-values */")) {
        values.setLong(1, -7);
        values.setString(2, "Zoë");
        values.setBoolean(3, true);
        values.setNull(4, Types.VARCHAR);
        ask(name + "-values", () -> count(values.executeQuery()));
      }
      try (Statement plain = connection.createStatement()) {
        ask(name + "-missing", () -> count(plain.executeQuery("SELECT * FROM missing_table /* " + name + "-missing */")));
      }
      // Many in one pipeline.
      int many = 25;
      try (PreparedStatement batch = connection.prepareStatement("INSERT INTO things VALUES (?, 'jdbc') /* " + name + "-batch */")) {
        for (int i = 0; i < many; i++) {
          batch.setInt(1, i);
          batch.addBatch();
        }
        long since = System.nanoTime();
        for (int rows : batch.executeBatch())
          System.out.printf("{\"mark\":\"%s-batch\",\"rows\":%d,\"error\":\"\",\"ns\":%d}%n", name, rows, System.nanoTime() - since);
      }
      // Some rows at a time, by a portal with a name.
      connection.setAutoCommit(false);
      try (Statement some = connection.createStatement()) {
        some.setFetchSize(10);
        int rows = count(some.executeQuery("SELECT generate_series(1, 25) /* " + name + "-fetched */"));
        System.out.printf("{\"fetched\":\"%s-fetched\",\"rows\":%d}%n", name, rows);
      }
      connection.commit();
    }
  }
}
