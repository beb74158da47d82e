import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.memory.MemoryBackend;
import java.util.List;

/** A server of MongoDB's protocol whose data is in memory: `Serve PORT`. */
public class Serve {
  /** What today's drivers ask for, at least. */
  static final MongoVersion VERSION = new MongoVersion() {
    public List<Integer> getVersionArray() { return List.of(4, 4, 0); }
    public int getWireVersion() { return 9; }
  };

  public static void main(String[] args) {
    var backend = new MemoryBackend().version(VERSION);
    new MongoServer(backend).bind("127.0.0.1", Integer.parseInt(args[0]));
    System.out.println("listening");
  }
}
