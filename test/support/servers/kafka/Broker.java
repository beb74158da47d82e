import java.io.PrintStream;

/** Formats the storage that a configuration names, with credentials, and runs the broker on it: CONFIG CREDENTIALS. */
public class Broker {
  public static void main(String[] args) throws Exception {
    String[] format = {"format", "--cluster-id", "MkU3OEVBNTcwNTJENDM2Qk", "--config", args[0], "--add-scram", args[1]};
    int code = kafka.tools.StorageTool.execute(format, new PrintStream(System.err));
    if (code != 0) System.exit(code);
    kafka.Kafka.main(new String[] {args[0]});
  }
}
